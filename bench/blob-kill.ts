import { execFile } from 'node:child_process'
import { createHash, randomInt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { systemClock } from '../blobstore/refresher.ts'
import { scrubVolume } from '../blobstore/scrub.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import { startPostgres } from '../infra/engines/postgres.ts'
import { pickPorts } from '../infra/engines/ports.ts'
import { openSupervisor } from '../infra/engines/supervisor.ts'
import { startTemporalDev } from '../infra/engines/temporal-dev.ts'
import { parseTools } from '../infra/engines/tools.ts'
import { withoutKafka } from '../tests/e2e/support/encoders.ts'
import { startInstance, type RunningInstance } from '../tests/e2e/support/instance.ts'
import { createApiClient } from '../workers/api-client.ts'
import { volumesIn } from '../workers/volume-commands.ts'
import type { Bench, BenchContext } from './types.ts'

const KILLS = 200
const LANES = 2
/** Between two uploads of a lane: what is taken has to be worked off too. */
const PAUSE_MS_MAX = 400
const PHOTOS = 8
/** From the first upload of a life to its end. */
const LIFE_MS_MIN = 100
const LIFE_MS_MAX = 900
/** Renditions read again after each start; all of them are at the end. */
const LOOKED_AT = 20
const LOOKS_AT_ONCE = 8
const SETTLE_MS_MAX = 180_000

/** What a client was told of. */
interface Told {
  readonly id: string
  /** SHA-256 of its renditions as they were served first, by address. */
  readonly served: Map<string, string>
}

/** Argument: how many times the process is killed. */
export const bench: Bench = {
  name: 'blob-kill',
  claim: 'kill -9 of the process that takes uploads and writes volumes, under load, loses nothing acknowledged and needs no repair',
  goal: `0 lost, 0 bad records after ${KILLS} kills`,
  async run(context) {
    const kills = Number(context.args[0] ?? KILLS)
    const home = join(context.scratch, 'home')
    const photos = await drawPhotos(context)
    const engines = await startEngines(context)
    const told: Told[] = []
    let wrong = 0
    let running: RunningInstance | null = null
    const startedMs = performance.now()
    try {
      for (let life = 1; life <= kills; life += 1) {
        running = await startInstance(home, engines.environment)
        wrong += await look(running, sample(told))
        const uploading = uploadUntilKilled(running, photos, told)
        await sleep(randomInt(LIFE_MS_MIN, LIFE_MS_MAX))
        await running.kill()
        await uploading
        const seconds = Math.round((performance.now() - startedMs) / 1_000)
        if (life % 10 === 0) context.say(`${life} of ${kills} kills in ${seconds} s, ${told.length} acknowledged, ${wrong} wrong`)
      }
      running = await startInstance(home, engines.environment)
      wrong += await settleAll(running, told)
      context.say(`all ${told.length} settled, ${wrong} wrong; reading every rendition`)
      wrong += await look(running, told)
    } finally {
      await running?.kill()
      await engines.stop()
    }
    const bad = await badRecords(join(home, 'volumes'))
    return {
      name: `items lost or changed, and records to repair, after ${kills} kills (${told.length} acknowledged)`,
      value: wrong + bad,
      unit: 'items and records',
      goal: '0',
      peer: 'SIGKILL of API, workers and writer in one, in mid-upload and mid-write',
      holds: wrong + bad === 0 && told.length > kills,
    }
  },
}

/** Database and Temporal go on while the process that is killed is killed. */
async function startEngines({ scratch }: BenchContext) {
  const tools = parseTools(process.env['DARKROOM_TOOLS'])
  const supervisor = await openSupervisor({ home: join(scratch, 'engines'), onLost: (error) => process.stderr.write(`${String(error)}\n`) })
  const ports = await pickPorts(0, ['PostgreSQL', 'grpc', 'ui', 'metrics'] as const)
  const { url } = await startPostgres({ supervisor, tools, port: ports.PostgreSQL })
  const temporal = await startTemporalDev({ supervisor, tools, ports })
  return {
    environment: { ...withoutKafka(tools), DATABASE_URL: url, TEMPORAL_ADDRESS: temporal.address },
    stop: async () => await supervisor.stop(),
  }
}

async function drawPhotos({ scratch, tools }: BenchContext): Promise<Buffer[]> {
  const pattern = join(scratch, 'photo-%d.jpg')
  const source = ['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=1']
  await promisify(execFile)(tools['ffmpeg'] ?? 'ffmpeg', [...source, '-frames:v', String(PHOTOS), '-start_number', '0', pattern])
  return await Promise.all(Array.from({ length: PHOTOS }, (_, index) => readFile(join(scratch, `photo-${index}.jpg`))))
}

async function uploadUntilKilled({ instance, child }: RunningInstance, photos: readonly Buffer[], told: Told[]): Promise<void> {
  const client = createApiClient(instance.api, instance.apiKey)
  const lane = async () => {
    while (child.exitCode === null && child.signalCode === null) {
      const photo = photos[randomInt(photos.length)]
      if (photo === undefined) return
      // Only an answer counts: what the kill cut off was promised to nobody.
      const item = await client.upload(photo, 'image/jpeg').catch(() => null)
      if (item === null) return
      told.push({ id: item.id, served: new Map() })
      await sleep(randomInt(PAUSE_MS_MAX))
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
}

function sample(told: readonly Told[]): Told[] {
  return told.length <= LOOKED_AT
    ? [...told]
    : Array.from({ length: LOOKED_AT }, () => told[randomInt(told.length)]).filter((one) => one !== undefined)
}

/** How many of the items are gone, refused, or are served other bytes than before; those that are not ready yet are not looked into. */
async function look({ instance }: RunningInstance, told: readonly Told[]): Promise<number> {
  const client = createApiClient(instance.api, instance.apiKey)
  const left = [...told]
  let wrong = 0
  const lane = async () => {
    for (let one = left.pop(); one !== undefined; one = left.pop()) if (!(await isRight(client, one))) wrong += 1
  }
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, lane))
  return wrong
}

async function isRight(client: ReturnType<typeof createApiClient>, { id, served }: Told): Promise<boolean> {
  const item = await client.get(id).catch(() => null)
  if (item === null || (item.state !== 'ready' && (served.size > 0 || item.state !== 'processing'))) {
    process.stderr.write(`${id} is ${item?.state ?? 'gone'}\n`)
    return false
  }
  const digests = await Promise.all(item.renditions.map(async ({ url, bytes }) => [url, await digestOf(url, bytes)] as const))
  // The port of the origin is another in each life.
  const changed = digests.filter(([url, digest]) => digest === null || digest !== (served.get(new URL(url).pathname) ?? digest))
  for (const [url, digest] of digests) if (digest !== null) served.set(new URL(url).pathname, digest)
  if (changed.length === 0 && (item.state !== 'ready' || digests.length > 0)) return true
  process.stderr.write(`${id}: ${changed.map(([url]) => url).join(' ')} lost or changed\n`)
  return false
}

async function digestOf(url: string, bytes: number): Promise<string | null> {
  const response = await fetch(url)
  const body = new Uint8Array(await response.arrayBuffer())
  return response.status === 200 && body.byteLength === bytes ? createHash('sha256').update(body).digest('hex') : null
}

/** Waits until every item that was acknowledged has an outcome; gives how many have none, or one that is not `ready`. */
async function settleAll({ instance }: RunningInstance, told: readonly Told[]): Promise<number> {
  const client = createApiClient(instance.api, instance.apiKey)
  const giveUpAt = performance.now() + SETTLE_MS_MAX
  let open = told.map(({ id }) => id)
  while (open.length > 0 && performance.now() < giveUpAt) {
    const states = await Promise.all(open.slice(0, 50).map(async (id) => [id, (await client.get(id)).state] as const))
    const ready = new Set(states.filter(([, state]) => state === 'ready').map(([id]) => id))
    if (ready.size === 0) await sleep(200)
    open = open.filter((id) => !ready.has(id))
  }
  for (const id of open) process.stderr.write(`${id} did not become ready\n`)
  return open.length
}

async function badRecords(folder: string): Promise<number> {
  const disk = createSystemDisk({ directReads: false })
  let bad = 0
  for (const volume of await volumesIn(folder)) bad += (await scrubVolume({ disk, folder, volume }, { clock: systemClock })).bad.length
  await disk.close()
  return bad
}
