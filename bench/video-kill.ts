import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MediaId } from '../domain/ids.ts'
import type { Catalog } from '../domain/ports.ts'
import { makeSampleClip } from '../media/sample/clip.ts'
import { startServer } from '../tests/contract/catalog-server.ts'
import { encodersOf, leftInScratch, until, withoutKafka } from '../tests/e2e/support/encoders.ts'
import { playlistTree } from '../tests/e2e/support/files.ts'
import { startInstance, type RunningInstance } from '../tests/e2e/support/instance.ts'
import { createApiClient } from '../workers/api-client.ts'
import type { Bench, BenchContext, Figure } from './types.ts'
import { seeded } from './video/mutate.ts'

const SECONDS = 120
const KILLS = 20
const PAUSE_MS_MAX = 4_000
const AT_WORK_MS_MAX = 180_000
/** Besides chunks a video has its sound, its poster and, once, its playlists. */
const OTHER_STEPS = 3

/**
 * `npm run bench -- video-kill [SECONDS [KILLS]]`: on the embedded default, with a database of its own. Every
 * other kill is of one ffmpeg, the others of the process with everything below it: API, worker, Temporal, encoders.
 */
export const bench: Bench = {
  name: 'video-kill',
  claim: `kill -9 at ${KILLS} random points of a two-minute encode: ready, with the bytes of an undisturbed run, only what was in flight done again, nothing left`,
  goal: '0 violations',
  run: measure,
}

async function measure(context: BenchContext): Promise<Figure> {
  const [seconds = `${SECONDS}`, kills = `${KILLS}`] = context.args
  const home = join(context.scratch, 'home')
  const target = join(context.scratch, 'clip.mp4')
  const clip = await readFile(await makeSampleClip({ ffmpeg: context.tools['ffmpeg'] ?? 'ffmpeg', target, seconds: Number(seconds) }))
  const database = await startServer()
  let running: RunningInstance | null = null
  try {
    const databaseUrl = await database.database()
    const environment = { ...withoutKafka(context.tools), DATABASE_URL: databaseUrl }
    const start = async () => (running = await startInstance(home, environment))
    const client = ({ instance }: RunningInstance) => createApiClient(instance.api, instance.apiKey)
    let current = await start()
    const catalog = await database.catalog({ databaseUrl })

    const calm = await client(current).upload(clip, 'video/mp4')
    const undisturbed = await digestsOf((await client(current).follow(calm.id, () => {})).hls)
    context.say(`undisturbed: ${undisturbed.size} files`)

    const { id } = await client(current).upload(clip, 'video/mp4')
    const below = seeded(7)
    let inFlight = 0
    let done = 0
    for (; done < Number(kills); done++) {
      await sleep(below(PAUSE_MS_MAX))
      const encoders = await until(async () => {
        const pids = await encodersOf(home)
        return pids.length > 0 || (await isFinal(catalog, id)) ? pids : null
      }, AT_WORK_MS_MAX)
      if (!encoders || encoders.length === 0) break
      const victim = encoders[below(encoders.length)]
      if (done % 2 === 0 && victim !== undefined) {
        inFlight += kill(victim) ? 1 : 0
      } else {
        inFlight += availableParallelism() + OTHER_STEPS
        await current.kill()
        current = await start()
      }
      context.say(`kill ${done + 1}: ${done % 2 === 0 ? 'an ffmpeg' : 'everything'}`)
    }
    const item = await client(current).follow(id, () => {})
    const problems: string[] = []
    if (item.state !== 'ready') problems.push(`it ended as ${item.state}`)
    else problems.push(...differences(undisturbed, await digestsOf(item.hls)))
    const attempts = await catalog.attempts(id as MediaId, 1)
    const redone = attempts.reduce((sum, step) => sum + Math.max(0, step.attempts - 1), 0)
    if (redone > inFlight) problems.push(`${redone} steps done again, ${inFlight} were in flight`)
    for (const name of await leftInScratch(home)) problems.push(`${name} is left in scratch`)
    for (const pid of await encodersOf(home)) problems.push(`ffmpeg ${pid} is left`)
    for (const problem of problems) context.say(problem)
    context.say(`${done} kills, ${attempts.length} steps, ${redone} done again`)
    return {
      name: 'video-kill',
      value: problems.length,
      unit: `violations after ${done} kills in ${seconds} s of video`,
      goal: '0',
      peer: 'an undisturbed run of the same clip',
      holds: problems.length === 0 && done > 0,
    }
  } finally {
    await stopped(running)
    await database.stop()
  }
}

async function stopped(running: RunningInstance | null): Promise<void> {
  await running?.stop()
}

async function isFinal(catalog: Catalog, id: string): Promise<boolean> {
  return ['ready', 'rejected', 'failed'].includes((await catalog.get(id as MediaId))?.state ?? '')
}

/** False when it has just ended. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

/** Name and SHA-256 of every media segment behind a master playlist; playlists themselves hold the item's addresses. */
async function digestsOf(master: string | undefined): Promise<Map<string, string>> {
  assert.ok(master, 'there is no playlist')
  const digests = new Map<string, string>()
  for (const address of (await playlistTree(master)).filter((url) => !url.endsWith('.m3u8'))) {
    const response = await fetch(address)
    assert.equal(response.status, 200, address)
    digests.set(
      basename(new URL(address).pathname),
      createHash('sha256')
        .update(Buffer.from(await response.arrayBuffer()))
        .digest('hex'),
    )
  }
  return digests
}

function differences(wanted: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const names = new Set([...wanted.keys(), ...found.keys()])
  return [...names].filter((name) => wanted.get(name) !== found.get(name)).map((name) => `${name} is not the same`)
}
