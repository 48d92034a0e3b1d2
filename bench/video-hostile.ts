import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { codeOf, errorTable, MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { admitVideo, planVideo } from '../domain/plan-video.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { clipsOf, littlePreset, opened } from './video/clips.ts'
import { mutated } from './video/mutate.ts'

const MUTATIONS = 500
const WORKERS = 2
/** Only small files are damaged: hundreds of them are worked through. */
const BASE_BYTES_MAX = 1024 ** 2
const DEADLINE_MS = 20_000
const CHUNKS_MAX = 2
/** Of one file: two probes, a copy, its chunks, sound, three tries for a poster, each with the deadline. */
const FILE_MS_MAX = DEADLINE_MS * 9

/**
 * `npm run bench -- video-hostile [FOLDER [COUNT]]`: every file of a folder, or a few odd clips made for it, and
 * COUNT damaged copies of them (500 when left out).
 */
export const bench: Bench = {
  name: 'video-hostile',
  claim: `malformed files, and ${MUTATIONS} mutations, end as ready or in a typed refusal within their deadlines, and leave no process and no file`,
  goal: '0 other outcomes',
  run: measure,
}

async function measure(context: BenchContext): Promise<Figure> {
  const [folder, count = `${MUTATIONS}`] = context.args
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = context.tools
  const scratch = join(context.scratch, 'studio')
  const hasty = {
    ...limits,
    videoProbeMsMax: DEADLINE_MS,
    videoRemuxMsMax: DEADLINE_MS,
    videoChunkMsMin: DEADLINE_MS,
    videoChunkMsPerSecondMax: 1,
    videoAudioMsPerSecondMax: 1,
  }
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch, limits: hasty })
  const outcomes = new Map<string, number>()
  const bad: string[] = []

  /** The whole way of a video, but for storing it. */
  const develop = async (file: string, copy: string) => {
    const { source, probe } = await opened(studio, file, copy)
    admitVideo(probe, limits)
    const plan = planVideo(probe, littlePreset(2), { filter: null })
    for (const chunk of plan.chunks.slice(0, CHUNKS_MAX)) await studio.encodeChunk(source, plan, chunk, {})
    if (plan.audio) await studio.encodeAudio(source, plan, {})
    await studio.poster(source, plan, {})
  }
  const judge = async (label: string, file: string, copy: string) => {
    const begin = performance.now()
    const error = await develop(file, copy).then(
      () => null,
      (thrown: unknown) => thrown ?? new Error('nothing'),
    )
    const code = error === null ? 'ready' : codeOf(error)
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1)
    const elapsed = performance.now() - begin
    if (elapsed > FILE_MS_MAX) bad.push(`${label}: took ${Math.round(elapsed)} ms`)
    if (error !== null && !isRefusal(error)) bad.push(`${label}: ${code}, ${error instanceof Error ? error.message : 'not an error'}`)
  }

  const files = await clipsOf(context, folder)
  for (const [at, file] of files.entries()) await judge(basename(file), file, join(context.scratch, `copy-${at}`))
  const bases = await basesOf(files)
  const seeds = Array.from({ length: Number(count) }, (_, seed) => seed).values()
  const worker = async (_: unknown, at: number) => {
    for (const seed of seeds) {
      const base = bases[seed % bases.length] ?? ''
      const file = join(context.scratch, `mutated-${at}${extname(base)}`)
      await writeFile(file, mutated(await readFile(base), seed))
      await judge(`${basename(base)}, seed ${seed}`, file, join(context.scratch, `mutated-copy-${at}`))
      if (seed % 50 === 49) context.say(`${seed + 1} mutations`)
    }
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))

  for (const pid of await processesIn(context.scratch)) bad.push(`process ${pid} is left`)
  for (const name of await readdir(scratch)) bad.push(`${name} is left in scratch`)
  for (const line of bad) context.say(line)
  context.say([...outcomes].map(([code, times]) => `${code} ${times}`).join(', '))
  return {
    name: 'video-hostile',
    value: bad.length,
    unit: `other outcomes of ${files.length} files and ${count} mutations`,
    goal: '0',
    peer: 'none',
    holds: bad.length === 0 && Number(count) > 0,
  }
}

/** Whether the file is told to be at fault; anything else would be tried again, or is a bug of ours. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof MediaError)) return false
  const { retry, status } = errorTable[error.code]
  return !retry && status < 500
}

async function basesOf(files: readonly string[]): Promise<string[]> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  const bases = files.filter((_, at) => (sizes[at] ?? 0) > 0 && (sizes[at] ?? 0) <= BASE_BYTES_MAX)
  if (bases.length === 0) throw new Error(`no file of at most ${BASE_BYTES_MAX} bytes to make mutations of`)
  return bases
}

/** Ids of processes that work in a folder or below it (Linux; elsewhere none is seen). */
async function processesIn(folder: string): Promise<number[]> {
  const names = await readdir('/proc').catch(() => [])
  const pids = names.map(Number).filter((pid) => pid > 0)
  const places = await Promise.all(pids.map(async (pid) => await readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return pids.filter((_, at) => places[at]?.startsWith(folder))
}
