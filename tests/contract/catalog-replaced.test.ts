import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { keyOf } from '../../domain/ids.ts'
import { manifest, ready, someMedia, servedCatalog, withoutTools } from './catalog-server.ts'

suite('catalog', { skip: withoutTools('postgresBin') }, async () => {
  const { catalog } = await servedCatalog()

  const of = async (id: string, olderThanMs = 0) =>
    (await catalog.replaced(olderThanMs, 100)).filter((one) => one.id === id).map(({ version }) => version)

  test('catalog: a version that is replaced is due after its grace, once, and its volume is told of the bytes', async () => {
    const media = someMedia({})
    const { id } = media
    const { volume } = await catalog.allot('w')
    await catalog.accept(media)
    await catalog.place(keyOf(id), volume, 5_000)
    const files = manifest.renditions.map((file) => ({ ...file, locator: { ...file.locator, volume } }))
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    await catalog.publish(id, { ...manifest, renditions: files, parts: [] }, {})
    await catalog.settle(id, ready(id))
    await catalog.reserveVariants(id, 1, ['w1.webp'])
    assert.deepEqual(await of(id), [])
    const second = { ...manifest, version: 2, parts: [] }
    await catalog.publish(id, second, {})
    await catalog.publish(id, second, {})
    assert.deepEqual(await of(id), [1])
    assert.deepEqual(await of(id, 60_000), [], 'not before its time')
    const before = await catalog.volume(volume)
    for (let time = 0; time < 2; time++) await catalog.forgetReplaced({ id, version: 1 })
    const told = await catalog.volume(volume)
    assert.deepEqual(
      [(told?.keysErased ?? 0) - (before?.keysErased ?? 0), (told?.bytesErased ?? 0) - (before?.bytesErased ?? 0)],
      [1, bytes],
    )
    assert.deepEqual(await of(id), [])
    await catalog.publish(id, second, {})
    assert.deepEqual(await of(id), [], 'publishing again, as a replay does, brings nothing back')
    assert.deepEqual(await catalog.placements(id), [volume], 'an erasure still finds the volume')
  })

  test('catalog: what failed tries have left is due too, the current version never, and nothing of what is erased', async () => {
    const media = someMedia({})
    const { id } = media
    await catalog.accept(media)
    await catalog.publish(id, { ...manifest, version: 3 }, {})
    assert.deepEqual(await of(id), [], 'not while it may still fail')
    await catalog.settle(id, ready(id))
    assert.deepEqual(await of(id), [1, 2])
    await catalog.beginErase(id)
    assert.deepEqual(await of(id), [])
    await catalog.forgetReplaced({ id, version: 1 })
  })
})
