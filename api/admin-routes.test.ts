import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VolumeOverview } from '../domain/volume-ports.ts'
import { operatorKey, startTestApi } from './testing.ts'

const asOperator = { headers: { authorization: `Bearer ${operatorKey}` } }

function volumeOf(volume: number, scrub: VolumeOverview['scrub'] = null): VolumeOverview {
  const counts = { bytes: 1_000, bytesErased: 200, bytesHeld: 800, keysErased: 3, erasedMs: 5 }
  return { row: { volume, writer: 'w', epoch: 1, state: 'sealed', leaseMs: null, generation: 0, ...counts }, scrub }
}

test('api admin: an operator sees each volume with its last scrub, page by page', async () => {
  await using api = await startTestApi()
  const bad = [{ start: 8, end: 16 }]
  const counts = { bytes: 1_000, needles: 9, erasedKeys: 1, deadBytes: 200, tombstoneStrayBytes: 0, found: 2, repaired: 1, tookMs: 40 }
  api.catalog.volumes.push(volumeOf(1, { agoMs: 60_000, report: { volume: 1, bad, ...counts } }), volumeOf(2), volumeOf(3))
  const first = (await (await api.call('/v1/admin/volumes?limit=2', asOperator)).json()) as {
    volumes: { volume: number; state: string; bytesErased: number; scrub: Record<string, unknown> | null }[]
    next: number | null
  }
  assert.deepEqual(
    first.volumes.map(({ volume, state, bytesErased }) => [volume, state, bytesErased]),
    [
      [1, 'sealed', 200],
      [2, 'sealed', 200],
    ],
  )
  const { at, ...scrub } = first.volumes[0]?.scrub ?? {}
  assert.ok(Math.abs(Date.parse(String(at)) - (Date.now() - 60_000)) < 10_000)
  assert.deepEqual(scrub, { tookMs: 40, bytes: 1_000, needles: 9, found: 2, repaired: 1, quarantined: bad, tombstoneStrayBytes: 0 })
  assert.deepEqual([first.volumes[1]?.scrub, first.next], [null, 2])
  const rest = (await (await api.call('/v1/admin/volumes?after=2&limit=2', asOperator)).json()) as { volumes: unknown[]; next: unknown }
  assert.deepEqual([rest.volumes.length, rest.next], [1, null])
  assert.equal((await api.call('/v1/admin/volumes?limit=0', asOperator)).status, 400)
})

test('api admin: a quota that an operator sets is kept, told to its tenant and to no other, and taken away', async () => {
  await using api = await startTestApi()
  assert.deepEqual(await (await api.call('/v1/space')).json(), { bytes: 0, bytesMax: null })
  const set = await api.call('/v1/admin/quotas/acme?bytes=5000', { method: 'PUT', ...asOperator })
  assert.deepEqual(await set.json(), { tenant: 'acme', bytes: 0, bytesMax: 5_000 })
  const all = await api.call('/v1/admin/quotas/*?bytes=9000', { method: 'PUT', ...asOperator })
  assert.deepEqual(await all.json(), { tenant: '*', bytes: 0, bytesMax: 9_000 })
  assert.deepEqual(await (await api.call('/v1/space')).json(), { bytes: 0, bytesMax: 5_000 })
  const gone = await api.call('/v1/admin/quotas/acme', { method: 'DELETE', ...asOperator })
  assert.deepEqual(await gone.json(), { tenant: 'acme', bytes: 0, bytesMax: null })
  for (const wrong of ['', '?bytes=', '?bytes=-1', '?bytes=1GiB'])
    assert.equal((await api.call(`/v1/admin/quotas/acme${wrong}`, { method: 'PUT', ...asOperator })).status, 400, wrong)
})

test('api admin: an operator sees what tenants take page by page, by name', async () => {
  await using api = await startTestApi()
  for (const tenant of ['b', '*', 'a']) await api.call(`/v1/admin/quotas/${tenant}?bytes=7`, { method: 'PUT', ...asOperator })
  const of = (tenant: string) => ({ tenant, bytes: 0, bytesMax: 7 })
  const page = async (query: string) => (await api.call(`/v1/admin/space${query}`, asOperator)).json()
  assert.deepEqual(await page('?limit=2'), { tenants: [of('*'), of('a')], next: 'a' })
  assert.deepEqual(await page('?limit=2&after=a'), { tenants: [of('b')], next: null })
  assert.deepEqual(await page(''), { tenants: [of('*'), of('a'), of('b')], next: null })
  assert.equal((await api.call('/v1/admin/space?limit=0', asOperator)).status, 400)
})

test('api admin: a tenant is no operator, an operator no tenant, and where no key is set nobody is one', async () => {
  const asked = [
    ['GET', '/v1/admin/volumes'],
    ['GET', '/v1/admin/space'],
    ['PUT', '/v1/admin/quotas/acme?bytes=1'],
    ['DELETE', '/v1/admin/quotas/acme'],
  ] as const
  await using api = await startTestApi()
  await using closed = await startTestApi({ operatorKeys: [] })
  for (const [method, path] of asked) {
    assert.equal((await api.call(path, { method })).status, 401, `${method} ${path}`)
    assert.equal((await closed.call(path, { method, ...asOperator })).status, 401, `${method} ${path}`)
  }
  assert.equal((await api.call('/v1/media', asOperator)).status, 401)
})
