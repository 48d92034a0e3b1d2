import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { EncodedTrack } from '../domain/encoded.ts'
import type { VideoPlan } from '../domain/plans.ts'
import { standard } from '../domain/presets/standard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { admitted, opened, wholePlan } from './video/clips.ts'
import { makeNaturalClip } from './video/natural-clip.ts'
import { referenceOf, ssimTo } from './video/quality.ts'

const run = promisify(execFile)
const GOAL = 1.01
const SECONDS = 24
/** A second whole encode, for how bytes and SSIM go together: at a rate factor that is so much higher, and so much of the caps. */
const COARSER = { crf: 2, caps: 0.8 }

/**
 * `npm run bench -- video-bytes [CLIP]`: a clip of one's own, or a drawn one, once as it is and once so busy that its rungs reach
 * their caps, and one as natural pictures are.
 */
export const bench: Bench = {
  name: 'video-bytes',
  claim:
    'a ladder made in chunks has no more bytes than one made whole with the same settings that looks as good, also where the rates are capped',
  goal: `bytes <= ${GOAL} of the whole encode's at the same SSIM, for each clip, its rungs together`,
  run: measure,
}

/** The rungs of one encode: bytes, and SSIM at the largest size. */
interface Rung {
  readonly bytes: number
  readonly ssim: number
}

async function measure(context: BenchContext): Promise<Figure> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = context.tools
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(context.scratch, 'studio'), limits })
  const reference = join(context.scratch, 'reference.mkv')
  const ratios: number[] = []
  for (const clip of await clips(context, ffmpeg)) {
    const { source, probe } = await opened(studio, clip, join(context.scratch, 'remuxed'))
    const whole = wholePlan(probe, standard)
    const [top] = whole.rungs
    if (!top) throw new Error('a plan without rungs')
    await referenceOf(ffmpeg, source, whole, reference)
    const encoded = async (plan: VideoPlan): Promise<Rung[]> => {
      const tracks = new Map<number, EncodedTrack[]>()
      for (const chunk of plan.chunks)
        for (const track of await studio.encodeChunk(source, plan, chunk, {}))
          tracks.set(track.rung, [...(tracks.get(track.rung) ?? []), track])
      const rungs: Rung[] = []
      for (const parts of tracks.values()) {
        const bytes = parts.flatMap(({ segments }) => segments).reduce((sum, { data }) => sum + data.byteLength, 0)
        rungs.push({ bytes, ssim: await ssimTo(ffmpeg, reference, top, parts, context.scratch) })
      }
      return rungs
    }
    const fine = await encoded(whole)
    const coarse = await encoded({
      ...whole,
      rungs: whole.rungs.map((rung) => ({ ...rung, crf: rung.crf + COARSER.crf, maxKbps: Math.round(rung.maxKbps * COARSER.caps) })),
    })
    const chunked = await encoded(planVideo(admitted(probe), standard, { filter: null }))
    const alike = fine.map((rung, at) => bytesAt(rung, coarse[at] ?? rung, chunked[at]?.ssim ?? 0))
    const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0)
    ratios.push(total(chunked.map(({ bytes }) => bytes)) / total(alike))
    const told = chunked.map(({ bytes, ssim }, at) => {
      const { bytes: before = 1, ssim: was = 0 } = fine[at] ?? {}
      return `${whole.rungs[at]?.name} ${(bytes / (alike[at] ?? 1)).toFixed(3)} (bytes ${(bytes / before).toFixed(3)}, SSIM ${was.toFixed(4)} to ${ssim.toFixed(4)})`
    })
    context.say(`${ratios.at(-1)?.toFixed(4)}: ${told.join(', ')}`)
  }
  const value = Math.max(...ratios)
  return {
    name: 'video-bytes',
    value: Number(value.toFixed(4)),
    unit: "bytes of the chunks / bytes of a whole encode of the same SSIM, the worst clip's",
    goal: `<= ${GOAL}`,
    peer: 'the same command over the whole source at once, its bytes taken where it has the SSIM of the chunks',
    holds: value <= GOAL,
  }
}

/** Bytes that an encode would have at an SSIM, by two of it: their logarithm goes with the SSIM in decibels. */
function bytesAt(fine: Rung, coarse: Rung, ssim: number): number {
  const decibels = (value: number) => -10 * Math.log10(1 - value)
  const slope = Math.log(fine.bytes / coarse.bytes) / (decibels(fine.ssim) - decibels(coarse.ssim))
  return fine.bytes * Math.exp(slope * (decibels(ssim) - decibels(fine.ssim)))
}

async function clips({ args, scratch }: BenchContext, ffmpeg: string): Promise<string[]> {
  if (args[0] !== undefined) return [args[0]]
  const calm = await makeSampleClip({ ffmpeg, target: join(scratch, 'calm.mp4'), seconds: SECONDS, width: 854, height: 480 })
  const busy = join(scratch, 'busy.mp4')
  const little = join(scratch, 'natural.mp4')
  const noise = ['-vf', 'noise=alls=24:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '18', '-c:a', 'copy']
  await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-i', calm, ...noise, busy])
  const natural = await makeNaturalClip(ffmpeg, scratch, SECONDS)
  const scaled = ['-vf', 'scale=854:480', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '14', '-c:a', 'copy']
  await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-i', natural, ...scaled, little])
  return [calm, busy, little]
}
