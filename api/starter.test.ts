import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { createIdGenerator } from '../domain/ids.ts'
import type { MediaRow } from '../domain/media.ts'
import type { WorkflowWatch } from '../domain/ports.ts'
import { createJsonLogger } from './logger.ts'
import { createReconciler } from './reconciler.ts'
import { createStarter, type Starter, type StarterOptions } from './starter.ts'
import { createMemoryCatalog, createRecordingStarter } from './testing.ts'

const nextId = createIdGenerator(4, Date.now)
const silent = createJsonLogger(() => {})

async function rowIn(catalog: ReturnType<typeof createMemoryCatalog>): Promise<MediaRow> {
  const id = nextId()
  await catalog.accept({
    id,
    tenant: 'acme',
    kind: 'video',
    preset: 'standard',
    filter: 'mono',
    sourceType: 'video/mp4',
    sourceBytes: 10,
    sourceSha256: 'ab',
  })
  const row = catalog.rows.get(id)
  assert.ok(row)
  return row
}

/** The part of a Temporal client that the starter uses; keeps what it was asked to start. */
function fakeTemporal(fail?: () => Error) {
  const started: { type: string; options: Record<string, unknown> }[] = []
  const temporal = {
    withDeadline: <T>(_deadline: number | Date, work: () => Promise<T>) => work(),
    connection: { workflowService: { getSystemInfo: async () => ({}) } },
    workflow: {
      start: async (type: string, options: Record<string, unknown>) => {
        if (fail) throw fail()
        started.push({ type, options })
      },
    },
  } as unknown as StarterOptions['temporal']
  return { temporal, started }
}

test('api: an ingest is begun once per item, findable, fair between tenants, and then marked', async () => {
  const catalog = createMemoryCatalog()
  const row = await rowIn(catalog)
  const { temporal, started } = fakeTemporal()
  await createStarter({ temporal, catalog, taskQueue: 'q', callMsMax: 1_000 }).start(row)
  const [call] = started
  assert.equal(call?.type, 'ingest')
  assert.deepEqual(call?.options['args'], [
    { mediaId: row.id, tenant: 'acme', kind: 'video', sourceType: 'video/mp4', preset: 'standard', filter: 'mono', version: 1 },
  ])
  assert.deepEqual(
    [call?.options['workflowId'], call?.options['workflowIdReusePolicy'], call?.options['taskQueue']],
    [`ingest:acme:${row.id}`, 'REJECT_DUPLICATE', 'q'],
  )
  assert.deepEqual(call?.options['priority'], { priorityKey: 4, fairnessKey: 'acme' })
  const attributes = call?.options['typedSearchAttributes'] as { key: { name: string; type: string }; value: string }[]
  assert.deepEqual(
    attributes.map(({ key, value }) => [key.name, key.type, value]),
    [
      ['mediaId', 'KEYWORD', row.id],
      ['tenant', 'KEYWORD', 'acme'],
      ['kind', 'KEYWORD', 'video'],
      ['stage', 'KEYWORD', 'received'],
    ],
  )
  assert.deepEqual(await catalog.unstarted(0, 10), [])
})

test('api: what was begun already counts as begun; what could not be begun stays to be found', async () => {
  const catalog = createMemoryCatalog()
  const row = await rowIn(catalog)
  const away = fakeTemporal(() => new Error('14 UNAVAILABLE'))
  await assert.rejects(createStarter({ temporal: away.temporal, catalog, taskQueue: 'q', callMsMax: 1_000 }).start(row), /UNAVAILABLE/)
  assert.equal((await catalog.unstarted(0, 10)).length, 1)
  const begun = fakeTemporal(() => new WorkflowExecutionAlreadyStartedError('there', 'id', 'ingest'))
  await createStarter({ temporal: begun.temporal, catalog, taskQueue: 'q', callMsMax: 1_000 }).start(row)
  assert.deepEqual(await catalog.unstarted(0, 10), [])
})

test('api: an erasure that failed may be begun anew, and goes before all else', async () => {
  const catalog = createMemoryCatalog()
  const row = await rowIn(catalog)
  const { temporal, started } = fakeTemporal()
  await createStarter({ temporal, catalog, taskQueue: 'q', callMsMax: 1_000 }).erase(row)
  const options = started[0]?.options
  assert.deepEqual([options?.['workflowId'], options?.['workflowIdReusePolicy']], [`erase:acme:${row.id}`, 'ALLOW_DUPLICATE_FAILED_ONLY'])
  assert.deepEqual(options?.['args'], [{ mediaId: row.id, tenant: 'acme', version: 1 }])
  assert.deepEqual(options?.['priority'], { priorityKey: 1, fairnessKey: 'acme' })
})

const allRunning: WorkflowWatch = { look: async () => 'running' }

function reconcilerOf(catalog: ReturnType<typeof createMemoryCatalog>, starter: Starter, olderThanMs = 0, workflows = allRunning) {
  return createReconciler({ catalog, starter, workflows, olderThanMs, notSeenMs: 0, intervalMs: 1, logger: silent })
}

test('api: the reconciler begins what was committed and not begun, and erasures that are owed', async () => {
  const catalog = createMemoryCatalog()
  const [lost, owed, done] = [await rowIn(catalog), await rowIn(catalog), await rowIn(catalog)]
  await catalog.markStarted(owed.id)
  await catalog.beginErase(owed.id)
  await catalog.markStarted(done.id)
  const starter = createRecordingStarter(catalog)
  const reconciler = reconcilerOf(catalog, starter)
  assert.equal(await reconciler.pass(), 2)
  assert.deepEqual([starter.started.map(({ id }) => id), starter.erased.map(({ id }) => id)], [[lost.id], [owed.id]])
  catalog.change(owed.id, { stage: 'done' })
  assert.equal(await reconciler.pass(), 0)
})

test('api: the reconciler leaves young rows to their requests, and brings in nothing that was erased', async () => {
  const catalog = createMemoryCatalog()
  await rowIn(catalog)
  const starter = createRecordingStarter(catalog)
  assert.equal(await reconcilerOf(catalog, starter, 60_000).pass(), 0)
  const [row] = [...catalog.rows.values()]
  assert.ok(row)
  await catalog.beginErase(row.id)
  catalog.change(row.id, { stage: 'done' })
  await reconcilerOf(catalog, starter).pass()
  assert.deepEqual([starter.started, await catalog.unstarted(0, 10)], [[], []])
})

test('api: one that cannot be begun does not hold up those behind it, and nothing is tried while Temporal is away', async () => {
  const catalog = createMemoryCatalog()
  const [bad, good] = [await rowIn(catalog), await rowIn(catalog)]
  const recording = createRecordingStarter(catalog)
  const starter = { ...recording, start: (row: MediaRow) => (row.id === bad.id ? Promise.reject(new Error('bad')) : recording.start(row)) }
  assert.equal(await reconcilerOf(catalog, starter).pass(), 1)
  assert.deepEqual(
    recording.started.map(({ id }) => id),
    [good.id],
  )
  let tried = 0
  const away = { ...recording, start: async () => void tried++, ping: async () => Promise.reject(new Error('away')) }
  assert.equal(await reconcilerOf(catalog, away).pass(), 0)
  assert.equal(tried, 0)
})

test('api: a started reconciler goes on until it is stopped', async () => {
  const catalog = createMemoryCatalog()
  const starter = createRecordingStarter(catalog)
  const reconciler = reconcilerOf(catalog, starter)
  reconciler.start()
  const row = await rowIn(catalog)
  while (starter.started.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  await reconciler.stop()
  assert.deepEqual(
    starter.started.map(({ id }) => id),
    [row.id],
  )
})

test('api: an item whose workflow ended without an outcome fails, and can be tried again', async () => {
  const catalog = createMemoryCatalog()
  const row = await rowIn(catalog)
  const starter = createRecordingStarter(catalog)
  await starter.start(row)
  const seen: string[] = []
  const ended = { look: async (id: string) => (seen.push(id), 'ended' as const) }
  const reconciler = reconcilerOf(catalog, starter, 0, ended)
  assert.equal(await reconciler.pass(), 1)
  assert.deepEqual([catalog.rows.get(row.id)?.state, catalog.rows.get(row.id)?.error?.code], ['failed', 'INGEST_ENDED'])
  assert.equal(await reconciler.pass(), 0)
  await catalog.retry(row.id)
  assert.equal(await reconciler.pass(), 1)
  assert.equal(starter.started.at(-1)?.version, 2)
  await reconciler.pass()
  assert.deepEqual(seen, [`ingest:acme:${row.id}`, `ingest:acme:${row.id}:2`])
})

test('api: a workflow that is not known is begun anew, one that runs is left alone', async () => {
  const catalog = createMemoryCatalog()
  const row = await rowIn(catalog)
  const starter = createRecordingStarter(catalog)
  await starter.start(row)
  assert.equal(await reconcilerOf(catalog, starter).pass(), 0)
  assert.equal(await reconcilerOf(catalog, starter, 0, { look: async () => 'unknown' }).pass(), 1)
  assert.deepEqual([starter.started.length, catalog.rows.get(row.id)?.state], [2, 'processing'])
})

test('api: an outcome that came just before the workflow ended is left as it is', async () => {
  const catalog = createMemoryCatalog()
  const row = await rowIn(catalog)
  const starter = createRecordingStarter(catalog)
  await starter.start(row)
  const late: WorkflowWatch = {
    look: async () => {
      catalog.change(row.id, { state: 'ready' })
      return 'ended'
    },
  }
  assert.equal(await reconcilerOf(catalog, starter, 0, late).pass(), 0)
  assert.equal(catalog.rows.get(row.id)?.state, 'ready')
})
