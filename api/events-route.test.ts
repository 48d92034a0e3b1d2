import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdGenerator } from '../domain/ids.ts'
import type { NewMedia } from '../domain/ports.ts'
import type { Item } from './item.ts'
import type { Problem } from './problem.ts'
import { startTestApi, type TestApi } from './testing.ts'

const nextId = createIdGenerator(3, Date.now)
const media = (): NewMedia => ({
  id: nextId(),
  tenant: 'acme',
  kind: 'video',
  preset: 'standard',
  filter: null,
  sourceType: 'video/mp4',
  sourceBytes: 10,
  sourceSha256: 'ab',
})

interface Followed {
  readonly response: Response
  /** The next block of the stream up to its blank line; null at its end. */
  next(): Promise<string | null>
  leave(): Promise<void>
}

async function follow(api: TestApi, id: string, headers: Record<string, string> = {}): Promise<Followed> {
  const response = await api.call(`/v1/media/${id}/events`, { headers })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let pending = ''
  return {
    response,
    async next() {
      for (;;) {
        const end = pending.indexOf('\n\n')
        if (end >= 0) {
          const block = pending.slice(0, end)
          pending = pending.slice(end + 2)
          if (!block.startsWith('retry:')) return block
          continue
        }
        const part = await reader?.read()
        if (!part || part.done) return null
        pending += part.value
      }
    },
    leave: async () => reader?.cancel(),
  }
}

const itemOf = (block: string | null) => JSON.parse(/^data: (.*)$/m.exec(block ?? '')?.[1] ?? '{}') as Item

test('api: events tell of an item at once, of each change, and end after the last', async () => {
  await using api = await startTestApi({ limits: { ssePollMs: 60_000 } })
  const row = media()
  await api.catalog.accept(row)
  const stream = await follow(api, row.id)
  assert.equal(stream.response.headers.get('content-type'), 'text/event-stream')
  assert.match((await stream.next()) ?? '', /^event: item\nid: 1\ndata: \{/)
  await api.catalog.setStage(row.id, 'develop', { done: 3, total: 5, unit: 'chunks' })
  const developing = await stream.next()
  assert.match(developing ?? '', /^id: 2$/m)
  assert.deepEqual([itemOf(developing).stage, itemOf(developing).progress], ['develop', { done: 3, total: 5, unit: 'chunks' }])
  api.catalog.change(row.id, { state: 'ready', stage: 'done' })
  assert.equal(itemOf(await stream.next()).state, 'ready')
  assert.equal(await stream.next(), null)
})

test('api: a change whose signal was lost is found by looking', async () => {
  await using api = await startTestApi({ limits: { ssePollMs: 20 } })
  const row = media()
  await api.catalog.accept(row)
  const stream = await follow(api, row.id)
  await stream.next()
  const kept = api.catalog.rows.get(row.id)
  assert.ok(kept)
  api.catalog.rows.set(row.id, { ...kept, state: 'failed', revision: 9 })
  assert.equal(itemOf(await stream.next()).state, 'failed')
  assert.equal(await stream.next(), null)
})

test('api: a client that comes back is told only what it has not seen', async () => {
  await using api = await startTestApi({ limits: { ssePollMs: 60_000 } })
  const row = media()
  await api.catalog.accept(row)
  const stream = await follow(api, row.id, { 'last-event-id': '1' })
  api.catalog.change(row.id, { stage: 'publish' })
  assert.match((await stream.next()) ?? '', /^id: 2$/m)
  await stream.leave()
  api.catalog.change(row.id, { state: 'ready' })
  const missed = await follow(api, row.id, { 'last-event-id': '2' })
  assert.equal(itemOf(await missed.next()).state, 'ready')
  assert.equal((await follow(api, row.id, { 'last-event-id': '3' })).response.status, 204)
})

test('api: an erasure is followed to its receipt', async () => {
  await using api = await startTestApi()
  const row = media()
  await api.catalog.accept(row)
  await api.catalog.beginErase(row.id)
  const stream = await follow(api, row.id)
  assert.deepEqual([itemOf(await stream.next()).stage], ['erase'])
  api.catalog.change(row.id, { stage: 'done' })
  assert.deepEqual([itemOf(await stream.next()).stage], ['done'])
  assert.equal(await stream.next(), null)
})

for (const [kind, workflow] of [
  ['image', (id: string) => `enhance:acme:${id}:2`],
  ['video', (id: string) => `captions:acme:${id}`],
] as const)
  test(`api: a ready ${kind} that is being changed is followed until the change has ended`, async () => {
    await using api = await startTestApi({ limits: { ssePollMs: 10 } })
    const row: NewMedia = { ...media(), kind }
    await api.catalog.accept(row)
    api.catalog.change(row.id, { state: 'ready', stage: 'done' })
    assert.equal((await follow(api, row.id, { 'last-event-id': '2' })).response.status, 204)
    api.running.add(workflow(row.id))
    const stream = await follow(api, row.id, { 'last-event-id': '2' })
    assert.equal(stream.response.status, 200, 'a change is under way')
    const manifest = { kind, version: 2, width: 1, height: 1, blurhash: '', renditions: [], parts: [], enhanced: true } as const
    api.catalog.change(row.id, { manifest, version: 2 })
    assert.match((await stream.next()) ?? '', /^id: 3$/m)
    // Written just before the end: told before the stream ends.
    const kept = api.catalog.rows.get(row.id)
    assert.ok(kept)
    api.catalog.rows.set(row.id, { ...kept, revision: 4 })
    api.running.clear()
    assert.match((await stream.next()) ?? '', /^id: 4$/m)
    assert.equal(await stream.next(), null)
  })

test('api: while Temporal does not answer a follower of a ready item is kept, not sent away', async () => {
  let answers = false
  const look = async () => {
    if (!answers) throw new Error('no answer')
    return 'ended' as const
  }
  await using api = await startTestApi({ limits: { ssePollMs: 10 }, workflows: { look } })
  const row = media()
  await api.catalog.accept(row)
  api.catalog.change(row.id, { state: 'ready', stage: 'done' })
  const stream = await follow(api, row.id)
  assert.equal(itemOf(await stream.next()).state, 'ready')
  const after = stream.next()
  answers = true
  assert.equal(await after, null)
})

test('api: silence is broken by comments', async () => {
  await using api = await startTestApi({ limits: { sseHeartbeatMs: 20 } })
  const row = media()
  await api.catalog.accept(row)
  const stream = await follow(api, row.id)
  await stream.next()
  assert.match((await stream.next()) ?? '', /^:/)
  await stream.leave()
})

test('api: followers over the limit are told so, and a place is free again when one leaves', async () => {
  await using api = await startTestApi({ limits: { sseClientsMax: 1, sseHeartbeatMs: 20 } })
  const row = media()
  await api.catalog.accept(row)
  const first = await follow(api, row.id)
  await first.next()
  const refused = await api.call(`/v1/media/${row.id}/events`)
  assert.equal(refused.status, 503)
  assert.equal(((await refused.json()) as Problem).code, 'CLIENTS_TOO_MANY')
  assert.ok(refused.headers.has('retry-after'))
  await first.leave()
  let status = 503
  for (let turn = 0; turn < 200 && status === 503; turn++) {
    const again = await api.call(`/v1/media/${row.id}/events`)
    status = again.status
    await again.body?.cancel()
  }
  assert.equal(status, 200)
})

test('api: closing ends the streams', async () => {
  const api = await startTestApi({ limits: { ssePollMs: 60_000, closeMsMax: 60_000 } })
  const row = media()
  await api.catalog.accept(row)
  const stream = await follow(api, row.id)
  await stream.next()
  await api.close()
  assert.equal(await stream.next(), null)
})
