import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { planSamples } from '../domain/complexity.ts'
import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { Preset, VideoPlan, VideoProbe } from '../domain/plans.ts'
import { byTitle } from '../domain/presets/by-title.ts'
import { standard } from '../domain/presets/standard.ts'
import type { EncodedRung } from '../domain/encoded.ts'
import type { VideoStudio } from '../domain/ports.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { childCpuMs } from './child-cpu.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { clipsOf, opened } from './video/clips.ts'
import { referenceOf, ssimTo } from './video/quality.ts'

const run = promisify(execFile)
const BYTES_GOAL = 0.8
const PROBE_GOAL = 0.04
const SECONDS_MIN = 4
const SECONDS_MAX = 16
/** Source files, concatenated in pairs into longer mixes. */
const MIXED = 3
const MIX_SECONDS = 4

/**
 * `npm run bench -- video-per-title [FOLDER]`: the clips of a folder that last some seconds and have more than one
 * rung, a mix of some of them, and drawn ones.
 */
export const bench: Bench = {
  name: 'video-per-title',
  claim: 'a ladder chosen for the title has a fifth fewer bytes than the fixed one, and no step of it shows less',
  goal: `bytes <= ${BYTES_GOAL} of the fixed ladder's, mean of the clips; SSIM of every clip no lower; trials <= ${PROBE_GOAL} of the encode's CPU`,
  run: measure,
}

interface Step {
  readonly name: string
  readonly bytes: number
  readonly ssim: number
}

async function measure(context: BenchContext): Promise<Figure> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = context.tools
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(context.scratch, 'studio'), limits })
  const ratios: number[] = []
  const gains: number[] = []
  let [trialMs, encodeMs] = [0, 0]
  for (const clip of await clips(context, studio)) {
    const { source, probe: first } = await opened(studio, clip, join(context.scratch, 'remuxed'))
    const probe = { ...first, durationMs: Math.min(first.durationMs, SECONDS_MAX * 1000) }
    const fixedPlan = wholePlan(probe, standard)
    const reference = join(context.scratch, 'reference.mkv')
    await referenceOf(ffmpeg, source, fixedPlan, reference)
    const before = await childCpuMs()
    const complexity = planSamples(fixedPlan) ? await studio.complexity(source, fixedPlan, {}) : null
    const tried = (await childCpuMs()) - before
    const stepsOf = async (plan: VideoPlan, encoded: readonly EncodedRung[]): Promise<Step[]> => {
      const steps: Step[] = []
      for (const track of encoded) {
        const bytes = track.segments.reduce((sum, { data }) => sum + data.byteLength, 0)
        const ssim = await ssimTo(ffmpeg, reference, fixedPlan.rungs[0] ?? never(), [track], context.scratch)
        steps.push({ name: `${plan.rungs[track.rung]?.name} at ${plan.rungs[track.rung]?.crf}`, bytes, ssim })
      }
      return steps
    }
    const encode = async (plan: VideoPlan) => await studio.encodeChunk(source, plan, plan.chunks[0] ?? never(), {})
    const fixed = await stepsOf(fixedPlan, await encode(fixedPlan))
    const titlePlan = wholePlan(complexity ? { ...probe, complexity } : probe, byTitle)
    const beforeEncode = await childCpuMs()
    const encoded = await encode(titlePlan)
    if (complexity) {
      encodeMs += (await childCpuMs()) - beforeEncode
      trialMs += tried
    }
    const title = await stepsOf(titlePlan, encoded)
    const sum = (steps: readonly Step[]) => steps.reduce((total, { bytes }) => total + bytes, 0)
    ratios.push(sum(title) / sum(fixed))
    const differences = fixed.map(({ ssim }, at) => (title[Math.min(at, title.length - 1)]?.ssim ?? 0) - ssim)
    gains.push(mean(differences))
    const text = (steps: readonly Step[]) =>
      steps
        .map(({ name, bytes, ssim }) => `${name}: ${Math.round((bytes * 8) / fixedPlan.durationMs)} kbit/s ${ssim.toFixed(4)}`)
        .join(', ')
    context.say(
      `${basename(clip)}: bytes ${ratios.at(-1)?.toFixed(3)}, SSIM ${gains.at(-1)?.toFixed(4)}, least ${Math.min(...differences).toFixed(4)}`,
    )
    context.say(`  fixed    ${text(fixed)}\n  by title ${text(title)}`)
  }
  const value = mean(ratios)
  const share = trialMs / encodeMs
  context.say(
    `${ratios.length} clips: bytes ${value.toFixed(3)}, SSIM ${mean(gains).toFixed(4)}, trials ${share.toFixed(4)} of the encode's CPU`,
  )
  return {
    name: 'video-per-title',
    value: Number(value.toFixed(3)),
    unit: `of the fixed ladder's bytes, mean of ${ratios.length} clips (trials: ${share.toFixed(4)} of the encode's CPU)`,
    goal: `<= ${BYTES_GOAL}, SSIM of no clip lower (least gain ${Math.min(...gains).toFixed(4)}), trials <= ${PROBE_GOAL}`,
    peer: 'the fixed ladder of preset standard over the same clips',
    holds: value <= BYTES_GOAL && gains.every((gain) => gain >= 0) && share <= PROBE_GOAL,
  }
}

/** One chunk: what is compared is choosing, not cutting. */
function wholePlan(probe: VideoProbe, preset: Preset): VideoPlan {
  return planVideo(probe, { ...preset, video: { ...preset.video, chunkSeconds: 100_000 } }, { filter: null })
}

async function clips(context: BenchContext, studio: VideoStudio): Promise<string[]> {
  const { tools, scratch, args } = context
  const ffmpeg = tools['ffmpeg'] ?? 'ffmpeg'
  const make = async (name: string, ...options: string[]) => {
    const target = join(scratch, name)
    await run(ffmpeg, [
      '-v',
      'error',
      '-nostdin',
      '-y',
      ...options,
      '-c:v',
      'libx264',
      '-preset',
      'veryfast',
      '-crf',
      '16',
      '-pix_fmt',
      'yuv420p',
      target,
    ])
    return target
  }
  const drawn = [
    await makeSampleClip({ ffmpeg, target: join(scratch, 'sample.mp4'), seconds: SECONDS_MAX }),
    await make('zoom.mp4', '-f', 'lavfi', '-i', 'mandelbrot=s=1280x720:rate=25', '-t', `${SECONDS_MAX}`),
  ]
  if (args[0] === undefined) {
    context.say('No folder was given: only drawn clips are compared.')
    return drawn
  }
  const long: string[] = []
  const sharp: string[] = []
  for (const file of await clipsOf(context, args[0])) {
    const found = await opened(studio, file, join(scratch, 'looked')).catch((error: unknown) => {
      if (error instanceof MediaError) return null
      throw error
    })
    if (!found || wholePlan(found.probe, standard).rungs.length < 2) continue
    if (found.probe.durationMs >= SECONDS_MIN * 1000) long.push(file)
    const isPlain = found.source === file && !found.probe.colour && (await stat(file)).size < 64 * 1024 ** 2
    if (isPlain && found.probe.height >= 1080 && found.probe.width > found.probe.height) sharp.push(file)
  }
  const inputs = sharp.slice(0, MIXED)
  if (inputs.length < 2) return [...long, ...drawn]
  const parts = inputs.map((_, at) => `[${at}:v]scale=1920:1080,setsar=1,fps=25,trim=0:${MIX_SECONDS},setpts=PTS-STARTPTS[p${at}]`)
  const joined = `${inputs.map((_, at) => `[p${at}]`).join('')}concat=n=${inputs.length},loop=-1:500:0,trim=0:${SECONDS_MAX}`
  const mix = await make('mix.mp4', ...inputs.flatMap((file) => ['-i', file]), '-filter_complex', `${parts.join(';')};${joined}`)
  return [...long, mix, ...drawn]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function never(): never {
  throw new Error('a plan without chunks or rungs')
}
