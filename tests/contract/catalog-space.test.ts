import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { codeOf } from '../../domain/errors.ts'
import { manifest, ready, refused, someMedia, servedCatalog, withoutTools } from './catalog-server.ts'

suite('catalog space', { skip: withoutTools('postgresBin') }, async () => {
  const { server, catalog } = await servedCatalog()

  const bytesOf = async (tenant: string) => (await catalog.space(tenant)).bytes
  const full = async (work: Promise<unknown>) => await assert.rejects(work, (error) => codeOf(error) === 'QUOTA_EXCEEDED')
  const accepted = async (tenant: string, sourceBytes: number) => {
    const media = someMedia({ tenant, sourceBytes })
    await catalog.accept(media)
    return media.id
  }

  test('catalog space: an item takes its original when accepted, its renditions when published, and nothing when erased', async () => {
    const id = await accepted('books', 5_000)
    assert.equal(await bytesOf('books'), 5_000)
    await catalog.publish(id, manifest, {})
    await catalog.publish(id, manifest, {})
    await catalog.settle(id, ready(id))
    assert.equal(await bytesOf('books'), 6_000)
    await catalog.beginErase(id)
    await catalog.beginErase(id)
    assert.equal(await bytesOf('books'), 0)
    const kept = await accepted('books', 700)
    await catalog.settle(kept, refused(kept, 'failed'))
    assert.equal(await bytesOf('books'), 700)
    const gone = await accepted('books', 900)
    await catalog.settle(gone, refused(gone))
    assert.equal(await bytesOf('books'), 700)
  })

  test('catalog space: without a quota nothing is reserved, and with one of nothing nothing is let in', async () => {
    assert.equal(await catalog.reserve('free', 2 ** 40), null)
    await catalog.setQuota('none', 0)
    await full(catalog.reserve('none', 1))
  })

  test('catalog space: room is reserved up to the quota, taken by what is accepted, and given back', async () => {
    await catalog.setQuota('small', 1_000)
    const first = await catalog.reserve('small', 600)
    await full(catalog.reserve('small', 600))
    assert.ok(first !== null)
    await catalog.accept(someMedia({ tenant: 'small', sourceBytes: 500 }), first)
    assert.equal(await bytesOf('small'), 500)
    const second = await catalog.reserve('small', 500)
    await full(catalog.reserve('small', 1))
    await catalog.release(second ?? 0)
    await catalog.release(second ?? 0)
    assert.ok((await catalog.reserve('small', 500)) !== null)
    await catalog.setQuota('small', null)
    assert.equal(await catalog.reserve('small', 2 ** 40), null)
  })

  test('catalog space: of many who ask at once as many are let in as there is room for', async () => {
    await catalog.setQuota('raced', 1_000)
    const outcomes = await Promise.allSettled(Array.from({ length: 24 }, () => catalog.reserve('raced', 100)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10)
    for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal(codeOf(outcome.reason), 'QUOTA_EXCEEDED')
  })

  test('catalog space: a quota on all tenants together holds whoever asks', async () => {
    const fresh = await server.catalog({ poolMax: 8 })
    await fresh.setQuota(null, 1_000)
    await fresh.accept(someMedia({ tenant: 'a', sourceBytes: 600 }))
    const outcomes = await Promise.allSettled(['b', 'c', 'd', 'e'].map((tenant) => fresh.reserve(tenant, 200)))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 2)
    assert.deepEqual(await fresh.spaces(10), [
      { tenant: null, bytes: 0, bytesMax: 1_000 },
      { tenant: 'a', bytes: 600, bytesMax: null },
    ])
    assert.deepEqual(await fresh.spaces(1), [{ tenant: null, bytes: 0, bytesMax: 1_000 }])
    assert.deepEqual(await fresh.spaces(10, null), [{ tenant: 'a', bytes: 600, bytesMax: null }])
    assert.deepEqual(await fresh.spaces(10, 'a'), [])
    assert.deepEqual(await fresh.space('a'), { tenant: 'a', bytes: 600, bytesMax: null })
    assert.deepEqual(await fresh.space(null), { tenant: null, bytes: 0, bytesMax: 1_000 })
    assert.deepEqual(await fresh.space('nobody'), { tenant: 'nobody', bytes: 0, bytesMax: null })
  })
})
