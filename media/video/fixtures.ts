/** Clips and measuring for this folder's tests; everything is made by the ffmpeg that is tested. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import type { Preset, VideoPlan } from '../../domain/plans.ts'
import type { EncodedRung, EncodedTrack } from '../../domain/encoded.ts'
import type { VideoStudio } from '../../domain/ports.ts'
import { flags } from './command.ts'
import { createVideoStudio, type VideoStudioOptions } from './studio.ts'

/** A value that a test relies on being there. */
export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a value is missing')
  return value
}

/** Two little rungs, GOPs of one second, chunks of two. */
export const little: Preset = {
  name: 'little',
  image: { widths: [], formats: [] },
  video: {
    rungs: [
      { shortSide: 120, crf: 30, maxKbps: 400 },
      { shortSide: 60, crf: 30, maxKbps: 200 },
    ],
    fpsMax: 60,
    gopSeconds: 1,
    chunkSeconds: 2,
    audioKbps: 64,
    posterWidths: [100],
  },
}

export function studioIn(folder: string, more: Partial<VideoStudioOptions> = {}): VideoStudio {
  return createVideoStudio({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', scratch: join(folder, 'scratch'), limits, ...more })
}

/** Runs ffmpeg in a folder and gives its stdout. */
export function ffmpeg(folder: string, ...args: string[]): Buffer {
  return execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args], { cwd: folder, maxBuffer: 512 * 1024 ** 2 })
}

/** A clip of `seconds` with a counting test picture, and a tone unless `silent`. `more` goes before the output. */
export function makeClip(
  folder: string,
  name: string,
  { size = '160x120', rate = '25', seconds = 5, silent = false, more = [] as string[], picture = 'testsrc2' } = {},
): string {
  ffmpeg(
    folder,
    ...flags('-f', 'lavfi', '-i', `${picture}${picture.includes('=') ? ':' : '='}s=${size}:r=${rate}:d=${seconds}`),
    ...(silent ? [] : ['-f', 'lavfi', '-i', `sine=f=440:d=${seconds}`]),
    ...flags('-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '40', '-bf', '2', '-c:a', 'aac', ...more, name),
  )
  return join(folder, name)
}

export interface Developed {
  readonly plan: VideoPlan
  /** By chunk, then by rung. */
  readonly chunks: readonly (readonly EncodedRung[])[]
  readonly audio: EncodedTrack | null
}

export async function developAll(studio: VideoStudio, source: string, preset = little, filter: string | null = null): Promise<Developed> {
  const { probe } = await studio.probe(source, 'video/mp4')
  return await developPlan(studio, source, planVideo(probe, preset, { filter }))
}

export async function developPlan(studio: VideoStudio, source: string, plan: VideoPlan): Promise<Developed> {
  const chunks: EncodedRung[][] = []
  for (const chunk of plan.chunks) chunks.push(await studio.encodeChunk(source, plan, chunk, {}))
  return { plan, chunks, audio: plan.audio ? await studio.encodeAudio(source, plan, {}) : null }
}

/** One rung of all chunks as a file: one init, then every segment. */
export function writeRung(folder: string, name: string, { chunks }: Developed, rung: number): string {
  const tracks = chunks.map((rungs) => must(rungs[rung]))
  writeFileSync(
    join(folder, name),
    Buffer.concat([must(tracks[0]).init, ...tracks.flatMap((track) => track.segments.map((segment) => segment.data))]),
  )
  return join(folder, name)
}

export function writeTrack(folder: string, name: string, track: EncodedTrack): string {
  writeFileSync(join(folder, name), Buffer.concat([track.init, ...track.segments.map((segment) => segment.data)]))
  return join(folder, name)
}

export interface Frame {
  readonly pts: number
  readonly key: boolean
}

/**
 * When a file's frames are shown after its first one, in ticks of its clock. (ffmpeg's demuxer adds the
 * encoder's delay where composition offsets are negative, so its absolute times are not the standard's.)
 */
export function framesIn(file: string): Frame[] {
  const csv = execFileSync(
    'ffprobe',
    ['-v', 'error', '-select_streams', 'v:0', '-show_entries', 'packet=pts,flags', '-of', 'csv=p=0', file],
    { encoding: 'utf8' },
  )
  return csv
    .trim()
    .split('\n')
    .map((line) => ({ pts: Number(line.split(',')[0]), key: line.includes('K') }))
    .toSorted((a, b) => a.pts - b.pts)
    .map((frame, _, [first]) => ({ ...frame, pts: frame.pts - must(first).pts }))
}

/** Decoded frames of a file as gray pixels of 16 by 16. */
export function grayFrames(folder: string, file: string): Buffer[] {
  const raw = ffmpeg(folder, '-i', file, '-vf', 'scale=16:16:flags=area,format=gray', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-')
  return Array.from({ length: raw.length / 256 }, (_, at) => raw.subarray(at * 256, at * 256 + 256))
}

export function meanOf(pixels: Uint8Array): number {
  return pixels.reduce((sum, value) => sum + value, 0) / pixels.length
}

/** Ids of processes that work in a folder or below it (Linux). */
export function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder)
      } catch {
        return false
      }
    })
}
