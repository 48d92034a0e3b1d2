/** What the video benches work on: a folder of the caller's, or clips made here. */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../../domain/limits.ts'
import { plannedAnew, planVideo } from '../../domain/plan-video.ts'
import type { Preset, VideoPlan, VideoProbe } from '../../domain/plans.ts'
import type { VideoStudio } from '../../domain/ports.ts'
import { admitType } from '../../domain/sniff.ts'
import type { BenchContext } from '../types.ts'

const run = promisify(execFile)

/** One little rung: what is looked at is time and counting, not pixels. */
export function littlePreset(chunkSeconds: number): Preset {
  return {
    name: 'little',
    image: { widths: [], formats: [] },
    video: {
      rungs: [{ shortSide: 120, crf: 30, maxKbps: 400 }],
      fpsMax: 60,
      gopSeconds: 1,
      chunkSeconds,
      audioKbps: 64,
      posterWidths: [120],
    },
  }
}

/** A file as the pipeline would open it: sniffed, probed and, where that has to be, remuxed to `copy`. Throws what admission throws. */
export async function opened(
  studio: VideoStudio,
  file: string,
  copy: string,
): Promise<{ readonly source: string; readonly probe: VideoProbe }> {
  const type = admitType(await headOf(file), null)
  const first = await studio.probe(file, type)
  if (first.seekable) return { source: file, probe: first.probe }
  const remuxed = await studio.remux(file, type, first.probe, async (path) => await copyFile(path, copy), {})
  return { source: copy, probe: (await studio.probe(copy, remuxed.type)).probe }
}

/** Chunks of this length are whole clips. */
export const WHOLE_SECONDS = 100_000

/** A preset's ladder in one chunk. */
export function wholePlan(probe: VideoProbe, preset: Preset): VideoPlan {
  return planVideo(probe, { ...preset, video: { ...preset.video, chunkSeconds: WHOLE_SECONDS } }, { filter: null })
}

/** A probe with what admission says of a video of several chunks. */
export function admitted(probe: VideoProbe): VideoProbe {
  return { ...probe, ...plannedAnew, briefStart: true }
}

async function headOf(file: string): Promise<Uint8Array> {
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(limits.sniffBytes), 0, limits.sniffBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

const drawn = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=30000/1001:d=7', '-f', 'lavfi', '-i', 'sine=d=7']
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '45', '-c:a', 'aac']
const recipes: Readonly<Record<string, readonly string[]>> = {
  'plain.mp4': [...h264, '-bf', '3', '-movflags', '+faststart'],
  'variable.mp4': ['-vf', "select='not(between(mod(n,50),20,35))'", '-fps_mode', 'passthrough', ...h264],
  'late.mov': ['-output_ts_offset', '3.3', ...h264],
  'open-gop.mkv': [...h264, '-bf', '3', '-x264-params', 'open-gop=1:keyint=45'],
  'interlaced.ts': ['-vf', 'interlace,setsar=16/11', ...h264, '-x264-params', 'interlaced=1'],
  'vp9.webm': ['-c:v', 'libvpx-vp9', '-cpu-used', '8', '-deadline', 'realtime', '-b:v', '300k', '-g', '45', '-c:a', 'libopus'],
}

/** Paths of the files in a folder of the caller's, or of a few odd clips that are made in scratch. */
export async function clipsOf({ tools, scratch }: BenchContext, folder: string | undefined): Promise<string[]> {
  if (folder !== undefined) {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(folder, name))
      .toSorted()
  }
  const made = join(scratch, 'clips')
  await mkdir(made)
  for (const [name, options] of Object.entries(recipes))
    await run(tools['ffmpeg'] ?? 'ffmpeg', ['-v', 'error', '-nostdin', '-y', ...drawn, ...options, name], { cwd: made })
  return Object.keys(recipes).map((name) => join(made, name))
}
