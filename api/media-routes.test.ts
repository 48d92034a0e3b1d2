import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MediaId } from '../domain/ids.ts'
import { originalKey } from '../domain/media.ts'
import { createIdGenerator } from '../domain/ids.ts'
import type { NewMedia } from '../domain/ports.ts'
import type { Item } from './item.ts'
import type { Problem } from './problem.ts'
import { createMemoryCatalog, createRecordingStarter, otherKey, startTestApi, testKey } from './testing.ts'
import { hashKey } from './keys.ts'
import { MediaError } from '../domain/errors.ts'

const nextId = createIdGenerator(2, Date.now)
const media = (tenant = 'acme'): NewMedia => ({
  id: nextId(),
  tenant,
  kind: 'image',
  preset: 'standard',
  filter: null,
  sourceType: 'image/jpeg',
  sourceBytes: 10,
  sourceSha256: 'ab',
})
const codeOf = async (response: Response) => ((await response.json()) as Problem).code

test('api: recent items come newest first, up to the limit asked for, the own ones only', async () => {
  await using api = await startTestApi()
  const own = [media(), media(), media()]
  for (const row of [...own, media('globex')]) await api.catalog.accept(row)
  const ids = async (path: string) => ((await (await api.call(path)).json()) as { items: Item[] }).items.map((item) => item.id)
  assert.deepEqual(await ids('/v1/media'), own.map((row) => row.id).toReversed())
  assert.deepEqual(await ids('/v1/media?limit=1'), [own[2]?.id])
  for (const limit of ['0', '-1', '1e3', '201', '1000', 'x', '']) {
    const problem = (await (await api.call(`/v1/media?limit=${limit}`)).json()) as Problem
    assert.deepEqual([problem.code, problem.detail], ['REQUEST_INVALID', 'limit is a whole number from 1 to 200.'])
  }
})

test('api: pages of the list follow one another and give each item once, whatever comes and goes meanwhile', async () => {
  await using api = await startTestApi()
  const own = Array.from({ length: 5 }, () => media())
  for (const row of [...own, media('globex')]) await api.catalog.accept(row)
  const page = async (path: string) => {
    const response = await api.call(path)
    const { items, next } = (await response.json()) as { items: Item[]; next: string | null }
    return { ids: items.map(({ id }) => id), next, link: response.headers.get('link') }
  }
  const seen: string[] = []
  const first = await page('/v1/media?limit=2')
  assert.equal(first.link, `</v1/media?limit=2&cursor=${first.next}>; rel="next"`)
  seen.push(...first.ids)
  await api.catalog.accept(media())
  // Even the item that the cursor names.
  api.catalog.rows.delete(own[3]?.id as MediaId)
  for (let next = first.next; next !== null; ) {
    const further = await page(`/v1/media?limit=2&cursor=${next}`)
    seen.push(...further.ids)
    next = further.next
  }
  assert.deepEqual(seen, own.map(({ id }) => id).toReversed())
  const whole = await page('/v1/media?limit=5')
  assert.deepEqual([whole.next, whole.link], [null, null], 'a page that is just full is known to be the last')
  for (const cursor of ['', 'x', own[0]?.id, `${first.next}A`, 'AAAAAAAAAAB'])
    assert.equal(await codeOf(await api.call(`/v1/media?cursor=${cursor}`)), 'REQUEST_INVALID', cursor)
})

test("api: another tenant's item is not there, whatever is asked of it", async () => {
  await using api = await startTestApi()
  const row = media('globex')
  await api.catalog.accept(row)
  const told = async (response: Response) => {
    const { requestId, ...problem } = (await response.json()) as Problem
    assert.equal(requestId, response.headers.get('x-request-id'))
    return problem
  }
  const wanted = await told(await api.call('/v1/media/0000000000000'))
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/facts'],
    ['GET', '/upload'],
    ['GET', '/previews'],
    ['GET', '/events'],
    ['DELETE', ''],
    ['POST', '/retry'],
  ] as const) {
    const response = await api.call(`/v1/media/${row.id}${path}`, { method })
    assert.equal(response.status, 404)
    assert.deepEqual(await told(response), wanted)
  }
  assert.equal(api.catalog.rows.get(row.id)?.state, 'processing')
  const own = await api.call(`/v1/media/${row.id}`, { headers: { authorization: `Bearer ${otherKey}` } })
  assert.equal(own.status, 200)
})

test('api: what is no id is not found', async () => {
  await using api = await startTestApi()
  for (const id of ['x', '0n77pfwsr010', 'ZZZZZZZZZZZZZ', '..%2f..%2fetc', '%00', '0000000000000'])
    assert.equal(await codeOf(await api.call(`/v1/media/${id}`)), 'MEDIA_NOT_FOUND')
  assert.equal(await codeOf(await api.call('/v1/media/%zz')), 'ROUTE_NOT_FOUND')
})

test('api: private facts are empty until they are known, the tenant’s then, and gone with the item', async () => {
  await using api = await startTestApi()
  const row = media()
  await api.catalog.accept(row)
  assert.deepEqual(await (await api.call(`/v1/media/${row.id}/facts`)).json(), {})
  await api.catalog.publish(
    row.id,
    { kind: 'image', version: 1, width: 4, height: 3, blurhash: 'L', renditions: [], parts: [] },
    { camera: 'Nikon FM2', latitude: 1.5 },
  )
  assert.deepEqual(await (await api.call(`/v1/media/${row.id}/facts`)).json(), { camera: 'Nikon FM2', latitude: 1.5 })
  assert.ok(!JSON.stringify(await (await api.call(`/v1/media/${row.id}`)).json()).includes('Nikon'))
  await api.catalog.beginErase(row.id)
  assert.equal(await codeOf(await api.call(`/v1/media/${row.id}/facts`)), 'MEDIA_ERASED')
})

test('api: an erasure is committed before it is begun, and may be asked for again', async () => {
  await using api = await startTestApi()
  const row = media()
  await api.catalog.accept(row)
  for (const turn of [1, 2]) {
    const response = await api.call(`/v1/media/${row.id}`, { method: 'DELETE' })
    assert.equal(response.status, 202)
    const item = (await response.json()) as Item
    assert.deepEqual([item.state, item.workflowId, item.renditions], ['erased', `erase:acme:${row.id}`, []])
    assert.equal(api.starter.erased.length, turn)
    assert.ok(api.starter.erased.every((erased) => erased.state === 'erased'))
  }
})

test("api: copies of an item are told with their distance, of erased and of other tenants' items nothing", async () => {
  await using api = await startTestApi()
  const [row, copy, foreign] = [media(), media(), { ...media(), tenant: 'other' }]
  for (const each of [row, copy, foreign]) await api.catalog.accept(each)
  api.catalog.copies.set(row.id, [{ id: copy.id, distance: 6 }])
  const { items } = (await (await api.call(`/v1/media/${row.id}/similar`)).json()) as { items: { distance: number; item: Item }[] }
  assert.deepEqual(
    items.map(({ distance, item }) => [distance, item.id]),
    [[6, copy.id]],
  )
  assert.deepEqual(await (await api.call(`/v1/media/${copy.id}/similar`)).json(), { items: [] })
  assert.equal(await codeOf(await api.call(`/v1/media/${foreign.id}/similar`)), 'MEDIA_NOT_FOUND')
  await api.catalog.beginErase(row.id)
  assert.equal(await codeOf(await api.call(`/v1/media/${row.id}/similar`)), 'MEDIA_ERASED')
})

test('api: nothing is begun when an erasure cannot be committed', async () => {
  const catalog = { ...createMemoryCatalog(), beginErase: async (_id: MediaId) => Promise.reject(new MediaError('CATALOG_UNAVAILABLE')) }
  const starter = createRecordingStarter(catalog)
  const row = media()
  await catalog.accept(row)
  await catalog.addKey('acme', hashKey(testKey))
  await using api = await startTestApi({ catalog, starter })
  assert.equal((await api.call(`/v1/media/${row.id}`, { method: 'DELETE' })).status, 503)
  assert.equal(starter.erased.length, 0)
})

test('api: a failed item is tried again as its next version, from the original that was kept', async () => {
  await using api = await startTestApi()
  const row = media()
  await api.catalog.accept(row)
  await api.objects.put(originalKey(row.id), new Uint8Array(3))
  const retry = () => api.call(`/v1/media/${row.id}/retry`, { method: 'POST' })
  assert.equal(await codeOf(await retry()), 'MEDIA_NOT_FAILED')
  api.catalog.change(row.id, { state: 'failed', stage: 'done', error: { code: 'INTERNAL', title: 'x' } })
  const response = await retry()
  assert.equal(response.status, 202)
  const { state, error, workflowId } = (await response.json()) as Item
  assert.deepEqual([state, error, workflowId], ['processing', undefined, `ingest:acme:${row.id}:2`])
  assert.deepEqual(
    api.starter.started.map(({ id, version }) => [id, version]),
    [[row.id, 2]],
  )
  assert.equal((await retry()).status, 409)
})

test('api: what was rejected or erased, or has no original any more, is not tried again', async () => {
  await using api = await startTestApi()
  const row = media()
  await api.catalog.accept(row)
  const retry = () => api.call(`/v1/media/${row.id}/retry`, { method: 'POST' })
  api.catalog.change(row.id, { state: 'rejected' })
  assert.equal(await codeOf(await retry()), 'MEDIA_NOT_FAILED')
  api.catalog.change(row.id, { state: 'failed' })
  assert.equal(await codeOf(await retry()), 'ORIGINAL_GONE')
  await api.catalog.beginErase(row.id)
  assert.equal(await codeOf(await retry()), 'MEDIA_ERASED')
  assert.equal(api.starter.started.length, 0)
})
