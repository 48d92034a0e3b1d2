import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual, promisify } from 'node:util'
import type { Item } from '../../api/item.ts'
import { createCatalog } from '../../catalog/catalog.ts'
import type { CloudEvent } from '../../domain/events.ts'
import type { MediaId } from '../../domain/ids.ts'
import { consumeEvents } from '../../events/consume.ts'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { makeSamplePhoto } from '../../media/sample/photo.ts'
import { createS3ObjectStore } from '../../objects/s3/store.ts'
import { createApiClient, type ApiClient } from '../../workers/api-client.ts'
import type { Instance } from '../../workers/instance.ts'
import { fetchRenditions, fetchWhole, playlistTree } from './support/files.ts'
import { lintItem } from './support/lint-item.ts'
import { newHome } from './support/instance.ts'
import { commandsLeftOf, processesOf } from './support/processes.ts'
import { triggered } from './support/temporal.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'temporalServer', 'temporalUi', 'minio', 'varnishd', 'java', 'kafkaLib', 'ffmpeg')
const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

let home: Awaited<ReturnType<typeof newHome>>
let instance: Instance
let client: ApiClient
let environment: Record<string, string>
const events = new Map<string, CloudEvent>()
const waiting = new Map<string, (event: CloudEvent) => void>()
const listening = new AbortController()
let consuming: Promise<void>

async function stack(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['workers/stack.main.ts', ...args], {
    cwd: root,
    env: { ...process.env, DARKROOM_HOME: home.path },
  })
  return stdout
}

before(async () => {
  if (skip) return
  home = await newHome()
  instance = JSON.parse(await stack('start', '--json', '--port', '0')) as Instance
  client = createApiClient(instance.api, instance.apiKey)
  environment = environmentOf('api')
  consuming = consumeEvents({
    brokers: [...instance.kafka],
    topic: instance.topic,
    clientId: 'e2e',
    groupId: 'e2e',
    fromBeginning: true,
    logger: { warn: () => {} },
    signal: listening.signal,
    onUnreadable: (error) => assert.fail(error),
    onEvent: (event) => {
      events.set(event.subject, event)
      waiting.get(event.subject)?.(event)
    },
  })
})

/** Before Kafka goes: a consumer that has lost its broker is long in leaving. */
async function stopListening(): Promise<void> {
  listening.abort()
  await consuming?.catch(() => {})
}

after(async () => {
  await stopListening()
  if (!skip) await stack('stop')
  await home?.remove()
})

/** The settings that the stack gave to one of our processes, with its pid. */
function environmentOf(role: string): Record<string, string> & { pid: string } {
  const own = processesOf(home.path).find(({ command }) => command.includes(`workers/${role}.main.ts`))
  assert.ok(own, `${role} is running`)
  return { ...own.environment, pid: String(own.pid) }
}

async function eventOf(id: string): Promise<CloudEvent> {
  return events.get(id) ?? (await new Promise<CloudEvent>((resolve) => waiting.set(id, resolve)))
}

test('stack: a photo goes the whole way: event from Kafka, bytes through the edge, a hit on the second read', { skip }, async () => {
  const accepted = await client.upload(await makeSamplePhoto(), 'image/jpeg')
  const item = await client.follow(accepted.id, () => {})
  assert.equal(item.state, 'ready')
  const event = await eventOf(item.id)
  assert.equal(event.type, 'media.ready')
  for (const rendition of item.renditions) assert.ok(rendition.url.startsWith(instance.edge ?? ''), rendition.url)
  await fetchRenditions(item)
  const again = await fetchWhole(item.renditions[0]?.url ?? '')
  assert.equal(again.headers.get('x-cache'), 'hit')
})

test('stack: originals and volumes are in MinIO', { skip }, async () => {
  const objects = createS3ObjectStore({
    endpoint: environment['S3_ENDPOINT'] ?? '',
    region: environment['S3_REGION'] ?? '',
    bucket: environment['S3_BUCKET'] ?? '',
    accessKeyId: environment['S3_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: environment['S3_SECRET_ACCESS_KEY'] ?? '',
  })
  const keys = async (prefix: string) => {
    const found: string[] = []
    for await (const { key } of objects.list(prefix)) found.push(key)
    return found
  }
  const [id] = events.keys()
  assert.ok((await keys('originals/')).includes(`originals/${id}`))
  assert.ok((await keys('volumes/')).length > 0)
  objects.close()
})

test('stack: an operator finds the workflow by its mediaId in what the Temporal UI asks', { skip }, async () => {
  const [id = ''] = events.keys()
  const query = encodeURIComponent(`mediaId="${id}"`)
  for (;;) {
    const answer = await fetch(`${instance.temporalUi}/api/v1/namespaces/default/workflows?query=${query}`)
    assert.equal(answer.status, 200)
    const { executions = [] } = (await answer.json()) as { executions?: { execution: { workflowId: string } }[] }
    // Visibility follows execution after a moment.
    if (executions.some(({ execution }) => execution.workflowId === `ingest:dev:${id}`)) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
})

test('stack: kill -9 of the video worker in mid-video costs only the chunks in flight', { skip }, async (test) => {
  const path = await makeSampleClip({ ffmpeg: tools.ffmpeg ?? '', target: join(home.path, 'clip.mp4'), seconds: 30 })
  const accepted = await client.upload(await readFile(path), 'video/mp4')
  const id = accepted.id as MediaId
  const catalog = await createCatalog({ databaseUrl: environment['DATABASE_URL'] ?? '', poolMax: 2, onError: () => {} })
  test.after(async () => await catalog.close())
  const chunks = async () => {
    const attempts = new Map((await catalog.attempts(id, 1)).map((counted) => [counted.step, counted.attempts]))
    const done = (await catalog.finishedSteps(id, 1)).filter((step) => step.startsWith('chunk:'))
    const begun = [...attempts.keys()].filter((step) => step.startsWith('chunk:'))
    return { attempts, done, inFlight: begun.filter((step) => !done.includes(step)) }
  }
  const worker = Number(environmentOf('video').pid)
  // Frozen first: what was in flight when it was killed is then known, not guessed.
  const before = await frozenInMidVideo(worker, chunks)
  process.kill(worker, 'SIGKILL')
  const item: Item = await client.follow(accepted.id, () => {})
  assert.equal(item.state, 'ready')
  const after = await chunks()
  for (const step of before.done) assert.equal(after.attempts.get(step), 1, `${step} was finished before the kill and is not done again`)
  for (const step of before.inFlight) assert.ok((after.attempts.get(step) ?? 0) > 1, `${step} was in flight and is done again`)
  assert.ok(before.inFlight.length <= Number(environmentOf('video')['VIDEO_SLOTS'] ?? 8))
  for (const address of await playlistTree(item.hls ?? '')) assert.equal((await fetchWhole(address)).status, 200, address)
  assert.deepEqual(await lintItem(item), [])
})

/** Stops a process where two chunks are done and others in flight, and says which. */
async function frozenInMidVideo<T extends { readonly done: readonly string[]; readonly inFlight: readonly string[] }>(
  pid: number,
  look: () => Promise<T>,
): Promise<T> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    process.kill(pid, 'SIGSTOP')
    let seen = await look()
    // A statement that it sent before it froze may still be under way: when two looks agree, none is.
    for (let again = await look(); !isDeepStrictEqual(again, seen); again = await look()) seen = again
    if (seen.done.length >= 2 && seen.inFlight.length > 0) return seen
    process.kill(pid, 'SIGCONT')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  assert.fail('the video was never caught with chunks done and others in flight')
}

test('stack: merge and gc of volumes on S3 are schedules that an operator can trigger', { skip }, async () => {
  for (const schedule of ['volumes-merge', 'volumes-gc']) {
    assert.equal((await triggered(instance.temporalUi, schedule)).status, 'WORKFLOW_EXECUTION_STATUS_COMPLETED', schedule)
  }
})

test('stack: erased through the edge means 410 through the edge', { skip }, async () => {
  const accepted = await client.upload(await makeSamplePhoto(), 'image/jpeg')
  const item = await client.follow(accepted.id, () => {})
  const url = item.renditions[0]?.url ?? ''
  await fetchWhole(url)
  assert.equal((await fetchWhole(url)).headers.get('x-cache'), 'hit')
  await eventOf(item.id)
  events.delete(item.id)
  await fetch(`${instance.api}/v1/media/${item.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${instance.apiKey}` } })
  assert.equal((await eventOf(item.id)).type, 'media.erased')
  assert.equal((await fetchWhole(url)).status, 410)
})

test('stack: status says where it answers, and after stop no process of it is left', { skip }, async () => {
  assert.deepEqual(JSON.parse(await stack('status', '--json')), JSON.parse(JSON.stringify({ ...instance, media: [] })))
  await stopListening()
  await stack('stop')
  assert.deepEqual(await commandsLeftOf(home.path), [])
})
