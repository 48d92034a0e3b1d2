import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { limits } from '../../domain/limits.ts'
import { manifest, ready, someMedia, servedCatalog, withoutTools } from './catalog-server.ts'

suite('catalog', { skip: withoutTools('postgresBin') }, async () => {
  const { catalog } = await servedCatalog()

  test('catalog: a variant has one place in its version whoever asks, and goes with the item', async () => {
    const media = someMedia({})
    const { id } = media
    await catalog.accept(media)
    await catalog.publish(id, manifest, {})
    await catalog.settle(id, ready(id))
    const both = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => await catalog.reserveVariants(id, 1, [`w${index % 4}.webp`])),
    )
    const places = new Map(both.flat().map(({ name, place }) => [name, place]))
    assert.deepEqual(
      [...places.values()].toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    )
    for (const { name, place } of both.flat()) assert.equal(place, places.get(name))
    assert.equal(await catalog.variant(id, 1, 'w1.webp'), null)
    const [rendition] = manifest.renditions
    assert.ok(rendition)
    const file = { ...rendition, name: 'w1.webp' }
    await catalog.keepVariants(id, 1, [file])
    assert.deepEqual(await catalog.variant(id, 1, 'w1.webp'), file)
    assert.deepEqual((await catalog.reserveVariants(id, 1, ['w1.webp']))[0]?.file, file)
    assert.equal(await catalog.variant(id, 2, 'w1.webp'), null)
    await assert.rejects(catalog.reserveVariants(id, 2, ['w1.webp']), { code: 'MEDIA_NOT_FOUND' })
    const many = Array.from({ length: limits.variantsPerItemMax }, (_, index) => `w${index + 10}.webp`)
    await assert.rejects(catalog.reserveVariants(id, 1, many), { code: 'VARIANTS_TOO_MANY' })
    await catalog.beginErase(id)
    await assert.rejects(catalog.reserveVariants(id, 1, ['w1.webp']), { code: 'MEDIA_ERASED' })
    await assert.rejects(catalog.keepVariants(id, 1, [file]), { code: 'MEDIA_ERASED' })
    await catalog.forgetVariants(id)
    assert.equal(await catalog.variant(id, 1, 'w1.webp'), null)
  })
})
