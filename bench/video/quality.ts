/** How good a rung looks: SSIM to the filtered source, at the ladder's largest size, as on a screen that fills it. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../../domain/limits.ts'
import type { VideoPlan } from '../../domain/plans.ts'
import type { EncodedTrack } from '../../domain/encoded.ts'
import { ladderCommand } from '../../media/video/ladder-command.ts'
import { hasZscale } from '../../media/video/leash.ts'

const run = promisify(execFile)
const OUTPUT_BYTES_MAX = 64 * 1024 ** 2
/** Every so many frames one is compared. */
const FRAME_STEP = 5

/** Lays the plan's frames at its largest size, as they go into the encoders, into a file without loss. */
export async function referenceOf(ffmpeg: string, source: string, plan: VideoPlan, target: string): Promise<void> {
  const [chunk] = plan.chunks
  const whole = chunk && { ...plan, rungs: plan.rungs.slice(0, 1) }
  if (!whole) throw new Error('a plan without chunks')
  const all = { ...chunk, durationSeconds: plan.durationMs / 1000 }
  const command = ladderCommand(source, whole, all, { zscale: await hasZscale(ffmpeg), threads: 2, pixelsMax: limits.videoPixelsMax })
  const graph = command.outputs[0]?.options[1] ?? ''
  const lossless = ['-map', '[r0]', '-fps_mode', 'passthrough', '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '0', target]
  await run(ffmpeg, [...command.inputOptions, '-i', command.source, '-filter_complex', graph, ...lossless], { maxBuffer: OUTPUT_BYTES_MAX })
}

/** SSIM of a track, enlarged to the reference's size. */
export async function ssimTo(
  ffmpeg: string,
  reference: string,
  { width, height }: { readonly width: number; readonly height: number },
  parts: readonly EncodedTrack[],
  folder: string,
): Promise<number> {
  const file = join(folder, 'rung.mp4')
  await writeFile(
    file,
    Buffer.concat([parts[0]?.init ?? Buffer.alloc(0), ...parts.flatMap(({ segments }) => segments.map(({ data }) => data))]),
  )
  const some = `settb=1/1000,setpts=N*40,select='not(mod(n,${FRAME_STEP}))'`
  const graph = `[0:v]${some},scale=${width}:${height}:flags=bicubic[a];[1:v]${some}[b];[a][b]ssim`
  const args = ['-hide_banner', '-nostdin', '-i', file, '-i', reference, '-filter_complex', graph, '-f', 'null', '-']
  const { stderr } = await run(ffmpeg, args, { maxBuffer: OUTPUT_BYTES_MAX })
  return Number(/ All:([\d.]+)/.exec(stderr)?.[1])
}
