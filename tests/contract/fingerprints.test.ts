import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import * as fc from 'fast-check'
import { fingerprintDistanceMax, hammingDistance } from '../../domain/fingerprint.ts'
import type { MediaId } from '../../domain/ids.ts'
import { manifest, ready, someMedia, servedCatalog, withoutTools } from './catalog-server.ts'

const hashes = fc.array(fc.integer({ min: 0, max: 0xffff }), { minLength: 16, maxLength: 16 }).map(hashOf)

function hashOf(words: readonly number[]): string {
  return words.map((word) => word.toString(16).padStart(4, '0')).join('')
}

/** The hash with bits changed at these places. */
function changed(hash: string, places: readonly number[]): string {
  const value = places.reduce((all, place) => all ^ (1n << BigInt(place)), BigInt(`0x${hash}`))
  return value.toString(16).padStart(64, '0')
}

suite('fingerprints', { skip: withoutTools('postgresBin') }, async () => {
  const { catalog } = await servedCatalog()

  const shown = async (fingerprint: string | undefined, tenant = 'acme'): Promise<MediaId> => {
    const media = someMedia({ tenant })
    await catalog.accept(media)
    await catalog.publish(media.id, manifest, {}, fingerprint)
    await catalog.settle(media.id, ready(media.id))
    return media.id
  }

  test('fingerprints: the look-up finds what comparing with every hash finds, and nothing else', async () => {
    const [original = ''] = fc.sample(hashes, { numRuns: 1, seed: 5 })
    // Spread over the words, crowded into few of them, and anywhere: whatever the bits that differ.
    const places = fc.oneof(
      fc.uniqueArray(fc.integer({ min: 0, max: 255 }), { minLength: 0, maxLength: 40 }),
      fc.uniqueArray(fc.integer({ min: 0, max: 47 }), { minLength: 25, maxLength: 36 }),
      fc.shuffledSubarray(
        Array.from({ length: 32 }, (_, at) => at * 8),
        { minLength: 28, maxLength: 32 },
      ),
    )
    const others = [
      ...fc.sample(places, { numRuns: 250, seed: 6 }).map((at) => changed(original, at)),
      ...fc.sample(hashes, { numRuns: 50, seed: 7 }),
    ]
    const all = [...new Set(others)]
    for (const hash of all) await catalog.block(hash, 'test')
    const near = all.filter((hash) => hammingDistance(hash, original) <= fingerprintDistanceMax)
    assert.ok(near.length > 100 && near.length < all.length - 50)
    // Each look-up gives the nearest one; taken away one after the other they all come, and then none.
    const found: string[] = []
    for (;;) {
      const blocked = await catalog.blockedLike([original])
      if (!blocked) break
      assert.equal(blocked.distance, hammingDistance(blocked.hash, original))
      found.push(blocked.hash)
      assert.ok(await catalog.unblock(blocked.hash))
    }
    assert.deepEqual(found.toSorted(), near.toSorted())
    const distances = found.map((hash) => hammingDistance(hash, original))
    assert.deepEqual(
      distances,
      distances.toSorted((a, b) => a - b),
    )
    assert.equal((await catalog.blocked()).length, all.length - near.length)
  })

  test('fingerprints: copies are found among the items of the tenant that can be shown, the nearest first', async () => {
    const [hash = '', other = ''] = fc.sample(hashes, { numRuns: 2, seed: 11 })
    const item = await shown(hash)
    const near = await shown(changed(hash, [0, 100, 200]))
    const same = await shown(hash)
    await shown(
      changed(
        hash,
        Array.from({ length: 32 }, (_, at) => at * 8),
      ),
    )
    await shown(other)
    await shown(hash, 'another tenant')
    await shown(undefined)
    const hidden = someMedia()
    await catalog.accept(hidden)
    await catalog.publish(hidden.id, manifest, {}, hash)
    assert.deepEqual(await catalog.similar(item, 10), [
      { id: same, distance: 0 },
      { id: near, distance: 3 },
    ])
    assert.equal((await catalog.similar(item, 1)).length, 1)
    assert.equal(await catalog.fingerprint(item), hash)
    await catalog.beginErase(same)
    assert.equal(await catalog.fingerprint(same), null)
    assert.deepEqual(
      (await catalog.similar(item, 10)).map(({ id }) => id),
      [near],
    )
    await catalog.publish(near, { ...manifest, version: 2 }, {}, other)
    assert.deepEqual(await catalog.similar(item, 10), [])
  })

  test('fingerprints: a blocked hash keeps the last note, and any of several hashes is found', async () => {
    const [hash = '', other = ''] = fc.sample(hashes, { numRuns: 2, seed: 13 })
    await catalog.block(hash, 'first')
    await catalog.block(hash, 'second')
    assert.deepEqual(
      (await catalog.blocked()).filter((row) => row.hash === hash).map(({ note }) => note),
      ['second'],
    )
    assert.deepEqual(await catalog.blockedLike([other, changed(hash, [7])]), { hash, distance: 1 })
    assert.equal(await catalog.blockedLike([other]), null)
    assert.ok(await catalog.unblock(hash))
    assert.ok(!(await catalog.unblock(hash)))
  })
})
