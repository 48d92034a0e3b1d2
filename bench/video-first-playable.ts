import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { planVideo } from '../domain/plan-video.ts'
import { standard } from '../domain/presets/standard.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { createVideoStudio } from '../media/video/studio.ts'
import { encodersOf, until, withoutKafka } from '../tests/e2e/support/encoders.ts'
import { startInstance } from '../tests/e2e/support/instance.ts'
import { createApiClient } from '../workers/api-client.ts'
import { median } from './median.ts'
import type { Bench, BenchContext, Figure } from './types.ts'

const run = promisify(execFile)
const SHARE_MAX = 0.05
const GROWTH_MAX = 1.2
const WORKERS = 2
const ROUNDS = 3
const SHORT_SECONDS = 60
const LONG_SECONDS = 600
const LOOP_SECONDS = 12
/** An erasure kills encoders within five seconds. */
const IDLE_MS_MAX = 10_000

/** `npm run bench -- video-first-playable [ROUNDS]`: on the embedded default, from the upload's answer to the states `playable` and `ready`. */
export const bench: Bench = {
  name: 'video-first-playable',
  claim: 'a video can be played after a small share of the time that its ladder takes, however long it is',
  goal: `playable after <= ${SHARE_MAX} of the ladder's time for ${SHORT_SECONDS} s, and ${LONG_SECONDS} s against ${SHORT_SECONDS} s <= ${GROWTH_MAX}`,
  run: measure,
}

async function measure({ tools, scratch, args, say }: BenchContext): Promise<Figure> {
  const ffmpeg = tools['ffmpeg'] ?? 'ffmpeg'
  const loop = await makeSampleClip({ ffmpeg, target: join(scratch, 'loop.mp4'), seconds: LOOP_SECONDS })
  const clipOf = async (seconds: number) => {
    const target = join(scratch, `${seconds}.mp4`)
    const loops = `${seconds / LOOP_SECONDS - 1}`
    await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-stream_loop', loops, '-i', loop, '-c', 'copy', target])
    return target
  }
  const [short, long] = [await clipOf(SHORT_SECONDS), await clipOf(LONG_SECONDS)]
  const bare = await bareLadder({ tools, scratch }, short)
  say(`the whole ladder of ${SHORT_SECONDS} s by ${WORKERS} workers, without a pipeline: ${seconds(bare)} s`)

  const home = join(scratch, 'home')
  const running = await startInstance(home, withoutKafka(tools))
  try {
    const client = createApiClient(running.instance.api, running.instance.apiKey)
    const playable = async (clip: Buffer) => {
      const { id } = await client.upload(clip, 'video/mp4')
      const begin = performance.now()
      let after = Number.NaN
      const ended = client.follow(id, (item) => {
        if (item.state !== 'playable' || !Number.isNaN(after)) return
        after = performance.now() - begin
        // Its rest is of no interest.
        void client.erase(id)
      })
      assert.equal((await ended).state, 'erased')
      // It is erased before its encoders have ended: what comes next finds idle workers.
      const isIdle = await until(async () => ((await encodersOf(home)).length === 0 ? true : null), IDLE_MS_MAX)
      assert.ok(isIdle, 'encoders go on after the erasure')
      return after
    }
    const clips = { short: await readFile(short), long: await readFile(long) }
    // The first of all loads what later ones find loaded.
    await playable(clips.short)
    const whole = await client.upload(clips.short, 'video/mp4')
    const begin = performance.now()
    assert.equal((await client.follow(whole.id, () => {})).state, 'ready')
    const full = performance.now() - begin
    say(`the whole ladder of ${SHORT_SECONDS} s through the pipeline: ready after ${seconds(full)} s`)
    const rounds: { short: number; long: number }[] = []
    for (let round = 0; round < Number(args[0] ?? ROUNDS); round++) {
      const shortFirst = round % 2 === 0
      const first = await playable(shortFirst ? clips.short : clips.long)
      const second = await playable(shortFirst ? clips.long : clips.short)
      rounds.push(shortFirst ? { short: first, long: second } : { short: second, long: first })
      const { short: ofShort, long: ofLong } = rounds.at(-1) ?? { short: NaN, long: NaN }
      say(`round ${round + 1}: playable after ${seconds(ofShort)} s of ${SHORT_SECONDS} s, ${seconds(ofLong)} s of ${LONG_SECONDS} s`)
    }
    const growth = median(rounds.map(({ short: ofShort, long: ofLong }) => ofLong / ofShort))
    const after = median(rounds.map(({ short: ofShort }) => ofShort))
    const share = after / full
    say(`of the ladder's time without a pipeline: ${(after / bare).toFixed(4)}`)
    return {
      name: 'video-first-playable',
      value: Number(share.toFixed(4)),
      unit: `of the time to its whole ladder, for ${SHORT_SECONDS} s of video`,
      goal: `<= ${SHARE_MAX}, growing <= ${GROWTH_MAX} to ${LONG_SECONDS} s (here ${growth.toFixed(2)})`,
      peer: 'the same clip, the same way, until its whole ladder is ready',
      holds: share <= SHARE_MAX && growth <= GROWTH_MAX,
    }
  } finally {
    await running.stop()
  }
}

/** Time that the chunks of a clip take, each the whole ladder: without sound, poster, or anybody who tells workers what to do. */
async function bareLadder({ tools, scratch }: Pick<BenchContext, 'tools' | 'scratch'>, source: string): Promise<number> {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = tools
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(scratch, 'studio'), limits })
  const { probe } = await studio.probe(source, 'video/mp4')
  const plan = planVideo(probe, standard, { filter: null })
  const begin = performance.now()
  const queue = plan.chunks.values()
  const worker = async () => {
    for (const chunk of queue) await studio.encodeChunk(source, plan, chunk, {})
  }
  await Promise.all(Array.from({ length: WORKERS }, worker))
  return performance.now() - begin
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2)
}
