import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { erased, manifest, ready, someMedia, servedCatalog, withoutTools } from './catalog-server.ts'

suite('catalog', { skip: withoutTools('postgresBin') }, async () => {
  const { catalog } = await servedCatalog()

  const accepted = async () => {
    const media = someMedia()
    await catalog.accept(media)
    return media.id
  }

  test('catalog: the manifest of a ready item is amended, of its own version only', async () => {
    const id = await accepted()
    assert.equal(await catalog.amend(id, manifest, 0), false, 'not ready yet')
    await catalog.publish(id, manifest, {})
    await catalog.settle(id, ready(id))
    const before = (await catalog.get(id))?.revision ?? 0
    const changed = { ...manifest, hls: 'master.m3u8', captionChanges: { revision: 1, stored: 1 } }
    assert.equal(await catalog.amend(id, changed, 0), true)
    assert.equal(await catalog.amend(id, { ...manifest, hls: 'late.m3u8' }, 0), false, 'made from what it was before')
    const row = await catalog.get(id)
    assert.equal(row?.manifest?.hls, 'master.m3u8')
    assert.ok((row?.revision ?? 0) > before, 'whoever follows the item is told')
    assert.equal(await catalog.amend(id, { ...manifest, version: 9 }, 1), false)
    await catalog.beginErase(id)
    assert.equal(await catalog.amend(id, manifest, 1), false)
  })

  test('catalog: what waits is counted, and nothing that is done', async () => {
    const counts = async () => {
      const { items, outbox } = await catalog.backlog()
      return { ...Object.fromEntries(items.map(({ state, count }) => [state, count])), events: outbox.count } as Record<string, number>
    }
    const before = await counts()
    const id = await accepted()
    const grown = async () => {
      const now = await counts()
      return Object.fromEntries(
        Object.entries(now)
          .map(([name, count]) => [name, count - (before[name] ?? 0)])
          .filter(([, more]) => more !== 0),
      )
    }
    assert.deepEqual(await grown(), { unstarted: 1 })
    await catalog.markStarted(id)
    assert.deepEqual(await grown(), { processing: 1 })
    await catalog.publish(id, manifest, {})
    await catalog.settle(id, ready(id))
    assert.deepEqual(await grown(), { events: 1 })
    await catalog.beginErase(id)
    assert.deepEqual(await grown(), { events: 1, erasing: 1 })
    await catalog.settle(id, erased(id))
    assert.deepEqual(await grown(), { events: 2 })
    await catalog.markRelayed((await catalog.pending(1_000)).map(({ sequence }) => sequence))
    const { items, outbox } = await catalog.backlog()
    assert.equal(outbox.count, 0)
    assert.ok(items.every(({ oldestSeconds }) => oldestSeconds >= 0 && oldestSeconds < 600))
  })
})
