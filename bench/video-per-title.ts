import { execFile } from 'node:child_process'
import { mkdir, rm, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import type { Preset, VideoProbe } from '../domain/plans.ts'
import { byTitle } from '../domain/presets/by-title.ts'
import { standard } from '../domain/presets/standard.ts'
import type { VideoStudio } from '../domain/ports.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { inProcess } from '../media/video/runner.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { childCpuOf } from './child-cpu.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { clipsOf, opened, wholePlan } from './video/clips.ts'
import { referenceOf, ssimTo } from './video/quality.ts'

const run = promisify(execFile)
const BYTES_GOAL = 0.8
const PROBE_GOAL = 0.04
const SECONDS_MIN = 4
const SECONDS_MAX = 8
/** Source files, concatenated into longer mixes. */
const MIXED = 3
const MIX_SECONDS = 3
/** Clips that are worked on at once, each by encoders of one thread. */
const WORKERS = 2

/**
 * `npm run bench -- video-per-title [FOLDER [SECONDS]]`: the clips of a folder that last some seconds and have more
 * than one rung, in the order of their names, a mix of some of them, and drawn ones; at most SECONDS of each (8 when left out).
 */
export const bench: Bench = {
  name: 'video-per-title',
  claim: 'a ladder chosen for the title has a fifth fewer bytes than the fixed one, and no title shows less',
  goal: `bytes of all clips together <= ${BYTES_GOAL} of the fixed ladder's; SSIM of every clip, mean of its steps, no lower; trials <= ${PROBE_GOAL} of the encodes' CPU`,
  run: measure,
}

interface Step {
  readonly name: string
  readonly bytes: number
  /** To the frames that went in, at the largest size, as on a screen that fills it. */
  readonly ssim: number
}

interface Clip {
  readonly name: string
  readonly source: string
  readonly probe: VideoProbe
  readonly folder: string
}

/** The fixed ladder's steps and the title's; where the title has fewer, its last one stands for those that are left out. */
interface Compared {
  readonly clip: Clip
  readonly fixed: readonly Step[]
  readonly title: readonly Step[]
}

async function measure(context: BenchContext): Promise<Figure> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = context.tools
  const studio = createVideoStudio({ runner: inProcess, ffmpeg, ffprobe, scratch: join(context.scratch, 'studio'), limits })
  const chosen = await clips(context, studio)
  context.say(`${chosen.length} clips: ${chosen.map(({ name }) => name).join(', ')}`)

  const tried: Clip[] = []
  const trialMs = await childCpuOf(async () => {
    for (const clip of chosen) {
      const complexity = await studio.complexity(clip.source, wholePlan(clip.probe, standard), {})
      tried.push(
        complexity ? { ...clip, probe: { ...clip.probe, complexity } } : { ...clip, probe: { ...clip.probe, titleEffort: 'high' } },
      )
    }
  })
  context.say(`trials: ${(trialMs / 1000).toFixed(1)} s of CPU`)
  const encode = async (clip: Clip, preset: Preset) => {
    // One chunk: what is compared is choosing, not cutting.
    const plan = wholePlan(clip.probe, preset)
    const encoded = await studio.encodeChunk(clip.source, plan, plan.chunks[0] ?? never(), {})
    context.say(`  ${clip.name}: ${preset.name} encoded`)
    return { plan, encoded }
  }
  const titles = new Map<Clip, Awaited<ReturnType<typeof encode>>>()
  const encodeMs = await childCpuOf(async () => {
    await eachOf(tried, async (clip) => void titles.set(clip, await encode(clip, byTitle)))
  })
  context.say(`ladders by title: ${(encodeMs / 1000).toFixed(1)} s of CPU`)

  const all: Compared[] = []
  await eachOf(tried, async (clip) => {
    const fixed = await encode(clip, standard)
    const reference = join(clip.folder, 'reference.mkv')
    await referenceOf(ffmpeg, clip.source, fixed.plan, reference)
    const stepsOf = async ({ plan, encoded }: typeof fixed): Promise<Step[]> => {
      const steps: Step[] = []
      for (const track of encoded) {
        const { name = '', crf } = plan.rungs[track.rung] ?? {}
        const bytes = track.segments.reduce((sum, { data }) => sum + data.byteLength, 0)
        const ssim = await ssimTo(ffmpeg, reference, fixed.plan.rungs[0] ?? never(), [track], clip.folder)
        steps.push({ name: `${name} at ${crf}: ${Math.round((bytes * 8) / plan.durationMs)} kbit/s`, bytes, ssim })
      }
      return steps
    }
    const compared = { clip, fixed: await stepsOf(fixed), title: await stepsOf(titles.get(clip) ?? never()) }
    await rm(reference)
    all.push(compared)
    const text = (steps: readonly Step[]) => steps.map(({ name, ssim }) => `${name} ${ssim.toFixed(4)}`).join(', ')
    context.say(
      `${clip.name}: bytes ${(bytesOf(compared.title) / bytesOf(compared.fixed)).toFixed(3)}, SSIM ${mean(gainsOf(compared)).toFixed(4)}, least of a step ${Math.min(...gainsOf(compared)).toFixed(4)}`,
    )
    context.say(`  fixed    ${text(compared.fixed)}\n  by title ${text(compared.title)}`)
  })
  const total = (pick: (compared: Compared) => readonly Step[]) => all.reduce((sum, compared) => sum + bytesOf(pick(compared)), 0)
  const value = total(({ title }) => title) / total(({ fixed }) => fixed)
  const ratios = all.map(({ title, fixed }) => bytesOf(title) / bytesOf(fixed))
  const gains = all.map((compared) => mean(gainsOf(compared)))
  const share = trialMs / encodeMs
  context.say(
    `${all.length} clips: bytes of all ${value.toFixed(3)}, mean of the clips ${mean(ratios).toFixed(3)} (${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}); SSIM ${mean(gains).toFixed(4)}`,
  )
  return {
    name: 'video-per-title',
    value: Number(value.toFixed(3)),
    unit: `of the fixed ladder's bytes, ${all.length} clips together, mean of them ${mean(ratios).toFixed(3)} (trials: ${share.toFixed(4)} of the encodes' CPU)`,
    goal: `<= ${BYTES_GOAL}, SSIM of no clip lower (least gain ${Math.min(...gains).toFixed(4)}), trials <= ${PROBE_GOAL}`,
    peer: 'the fixed ladder of preset standard over the same clips',
    holds: value <= BYTES_GOAL && gains.every((gain) => gain >= 0) && share <= PROBE_GOAL,
  }
}

function bytesOf(steps: readonly Step[]): number {
  return steps.reduce((total, { bytes }) => total + bytes, 0)
}

function gainsOf({ fixed, title }: Compared): number[] {
  return fixed.map(({ ssim }, at) => (title[Math.min(at, title.length - 1)]?.ssim ?? 0) - ssim)
}

async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  const worker = async () => {
    for (const item of queue) await work(item)
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
}

async function clips(context: BenchContext, studio: VideoStudio): Promise<Clip[]> {
  const { tools, scratch, args } = context
  const [folder, seconds = `${SECONDS_MAX}`] = args
  const ffmpeg = tools['ffmpeg'] ?? 'ffmpeg'
  const all: Clip[] = []
  const add = async (file: string) => {
    const own = join(scratch, `clip-${all.length}`)
    await mkdir(own, { recursive: true })
    const found = await opened(studio, file, join(own, 'remuxed')).catch((error: unknown) => {
      if (error instanceof MediaError) return null
      throw error
    })
    if (!found || found.probe.durationMs < SECONDS_MIN * 1000 || wholePlan(found.probe, standard).rungs.length < 2) return
    const probe = { ...found.probe, durationMs: Math.min(found.probe.durationMs, Number(seconds) * 1000) }
    all.push({ name: basename(file), source: found.source, probe, folder: own })
  }
  const make = async (name: string, ...options: string[]) => {
    const target = join(scratch, name)
    const encoder = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '16', '-pix_fmt', 'yuv420p']
    await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', ...options, ...encoder, target])
    return target
  }
  if (folder === undefined) context.say('No folder was given: only drawn clips are compared.')
  const files = folder === undefined ? [] : await clipsOf(context, folder)
  for (const file of files) await add(file)
  const inputs = await mixable(files, studio, join(scratch, 'looked'))
  if (inputs.length > 1) {
    const parts = inputs.map((_, at) => `[${at}:v]scale=1920:1080,setsar=1,fps=25,trim=0:${MIX_SECONDS},setpts=PTS-STARTPTS[p${at}]`)
    const joined = `${inputs.map((_, at) => `[p${at}]`).join('')}concat=n=${inputs.length},loop=-1:500:0,trim=0:${seconds}`
    await add(await make('mix.mp4', ...inputs.flatMap((file) => ['-i', file]), '-filter_complex', `${parts.join(';')};${joined}`))
  }
  await add(await makeSampleClip({ ffmpeg, target: join(scratch, 'sample.mp4'), seconds: Number(seconds) }))
  await add(await make('zoom.mp4', '-f', 'lavfi', '-i', 'mandelbrot=s=1280x720:rate=25', '-t', seconds))
  return all
}

/** The first few files of full HD or more that need nothing done to their colours. */
async function mixable(files: readonly string[], studio: VideoStudio, copy: string): Promise<string[]> {
  const found: string[] = []
  for (const file of files) {
    const { source, probe } = await opened(studio, file, copy).catch(() => ({ source: null, probe: null }))
    const isPlain = source === file && !probe.colour && (await stat(file)).size < 64 * 1024 ** 2
    if (isPlain && probe.height >= 1080 && probe.width > probe.height) found.push(file)
    if (found.length === MIXED) break
  }
  return found
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

function never(): never {
  throw new Error('a plan without chunks or rungs')
}
