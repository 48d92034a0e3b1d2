import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LEAD_AUDIO_SECONDS } from '../activities/encode-lead.ts'
import { limits } from '../domain/limits.ts'
import { leadRungs, planVideo } from '../domain/plan-video.ts'
import { standard } from '../domain/presets/standard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import type { Bench, BenchContext, Figure } from './types.ts'

const run = promisify(execFile)
const SHARE_MAX = 0.05
const GROWTH_MAX = 1.2
const WORKERS = 2
const ROUNDS = 3
const SHORT_SECONDS = 60
const LONG_SECONDS = 600
/** Chunks of the long clip that are encoded; the others are taken to cost the same, its pictures being a loop. */
const CHUNKS_MEASURED = 6
const LOOP_SECONDS = 12

/** `npm run bench -- video-first-playable` */
export const bench: Bench = {
  name: 'video-first-playable',
  claim: 'a long video can be played after a small share of its ladder’s time, however long it is',
  goal: `share of the full ladder's time <= ${SHARE_MAX}, and 600 s against 60 s <= ${GROWTH_MAX}`,
  run: measure,
}

async function measure({ tools, scratch, say }: BenchContext): Promise<Figure> {
  const ffmpeg = tools['ffmpeg'] ?? 'ffmpeg'
  const loop = await makeSampleClip({ ffmpeg, target: join(scratch, 'loop.mp4'), seconds: LOOP_SECONDS })
  const studio = createVideoStudio({ ffmpeg, ffprobe: tools['ffprobe'] ?? 'ffprobe', scratch: join(scratch, 'studio'), limits })

  const clipOf = async (seconds: number) => {
    const source = join(scratch, `${seconds}.mp4`)
    const loops = `${seconds / LOOP_SECONDS - 1}`
    await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-stream_loop', loops, '-i', loop, '-c', 'copy', source])
    const { probe } = await studio.probe(source, 'video/mp4')
    return { source, plan: planVideo(probe, standard, { filter: null }) }
  }
  type Clip = Awaited<ReturnType<typeof clipOf>>

  const lead = async ({ source, plan }: Clip) => {
    const begin = performance.now()
    const [first] = plan.chunks
    if (!first) throw new Error('a plan without chunks')
    await Promise.all([
      studio.encodeChunk(source, { ...plan, rungs: leadRungs(plan) }, first, {}),
      studio.encodeAudio(source, plan, { untilSeconds: LEAD_AUDIO_SECONDS }),
      studio.poster(source, plan, {}),
    ])
    return performance.now() - begin
  }
  const fullLadder = async ({ source, plan }: Clip) => {
    const begin = performance.now()
    const queue = plan.chunks.slice(0, CHUNKS_MEASURED).values()
    const worker = async () => {
      for (const chunk of queue) await studio.encodeChunk(source, plan, chunk, {})
    }
    await Promise.all(Array.from({ length: WORKERS }, worker))
    return ((performance.now() - begin) * plan.chunks.length) / CHUNKS_MEASURED
  }

  const [short, long] = [await clipOf(SHORT_SECONDS), await clipOf(LONG_SECONDS)]
  const rounds: { short: number; long: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const inTurn = round % 2 === 0
    const first = await lead(inTurn ? short : long)
    const second = await lead(inTurn ? long : short)
    rounds.push(inTurn ? { short: first, long: second } : { short: second, long: first })
    say(`round ${round + 1}: playable after ${seconds(rounds.at(-1)?.short)} s of 60 s, ${seconds(rounds.at(-1)?.long)} s of 600 s`)
  }
  const full = await fullLadder(long)
  const growth = median(rounds.map((round) => round.long / round.short))
  const share = median(rounds.map((round) => round.long)) / full
  say(`full ladder of 600 s by ${WORKERS} workers: ${seconds(full)} s (from ${CHUNKS_MEASURED} of ${long.plan.chunks.length} chunks)`)
  say(
    `share ${share.toFixed(4)} of 600 s, ${((median(rounds.map((round) => round.short)) / full) * 10).toFixed(3)} of 60 s; growth ${growth.toFixed(2)}`,
  )
  return {
    name: 'video-first-playable',
    value: Number(share.toFixed(4)),
    unit: "share of the full ladder's time",
    goal: `<= ${SHARE_MAX}, growing <= ${GROWTH_MAX} from 60 s to 600 s (here ${growth.toFixed(2)})`,
    peer: `the whole ladder of the same clip by ${WORKERS} workers`,
    holds: share <= SHARE_MAX && growth <= GROWTH_MAX,
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function seconds(ms: number | undefined): string {
  return ((ms ?? Number.NaN) / 1000).toFixed(2)
}
