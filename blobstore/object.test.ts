import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import { memoryDirectory } from './memory-directory.ts'
import { createObjectBlobReader, createObjectBlobStore } from './object.ts'

/** Counts what is asked of an object store, and lets a test step in before a put. */
function watched(beforePut: (key: string) => Promise<void> = async () => {}) {
  const inner = createMemoryObjectStore()
  const calls: string[] = []
  const objects: ObjectStore = {
    ...inner,
    async put(key, body, options) {
      calls.push(`put ${key}`)
      await beforePut(key)
      return inner.put(key, body, options)
    },
    get(key, range) {
      calls.push(`get ${key}`)
      return inner.get(key, range)
    },
    list(prefix, after) {
      calls.push(`list ${prefix}`)
      return inner.list(prefix, after)
    },
  }
  return { inner, objects, calls }
}

function storeOver(objects: ObjectStore, directory = memoryDirectory(), writer = 'w') {
  return createObjectBlobStore({ objects, directory, placements: directory, writer })
}

const appendOne = (store: Awaited<ReturnType<typeof storeOver>>, key: bigint, alt = 1) =>
  store.append([{ key, alt, data: new Uint8Array([Number(key)]) }]).then(([locator]) => locator as Locator)

test('blobstore object: a commit is one object, and many appends are few commits', async () => {
  const { objects, calls } = watched()
  const store = await storeOver(objects)
  await Promise.all(Array.from({ length: 100 }, (_, key) => appendOne(store, BigInt(key))))
  const puts = calls.filter((call) => call.startsWith('put'))
  assert.equal(puts[0], 'put volumes/1/0000000000')
  assert.ok(puts.length <= 4, puts.join(', '))
  await store.close()
})

test('blobstore object: a cold read by a process that knows the volume is one range request', async () => {
  const { objects, calls } = watched()
  const store = await storeOver(objects)
  const locators = [await appendOne(store, 1n), await appendOne(store, 2n)]
  const reader = createObjectBlobReader({ objects })
  await reader.read(1n, locators[0] as Locator)
  calls.length = 0
  await reader.read(2n, locators[1] as Locator)
  assert.deepEqual(calls, ['get volumes/1/0000000002'])
  await reader.close()
  await store.close()
})

test('blobstore object: however many ask for needles that are not there, few requests are made', async () => {
  const { objects, calls } = watched()
  const store = await storeOver(objects)
  const locator = await appendOne(store, 1n)
  const reader = createObjectBlobReader({ objects, limits: { volumeRefreshMsMin: 50, tombstoneAgeMsMax: 60_000 } })
  await reader.read(1n, locator)
  calls.length = 0
  const misses = Array.from({ length: 200 }, (_, key) => reader.read(BigInt(key + 2), locator))
  const strangers = Array.from({ length: 200 }, (_, key) => reader.read(BigInt(key), { ...locator, volume: 77 }))
  const outcomes = await Promise.allSettled([...misses, ...strangers])
  assert.ok(outcomes.every(({ status }) => status === 'rejected'))
  assert.ok(calls.length <= 5, calls.join(', '))
  await reader.close()
  await store.close()
})

test('blobstore object: a writer whose number was taken by another stops there, and both keep what was acknowledged', async () => {
  const { objects } = watched()
  const directory = memoryDirectory()
  const old = await storeOver(objects, directory)
  const first = await appendOne(old, 1n)
  // The same name, started again while the first one still runs.
  const successor = await storeOver(objects, directory)
  const second = await appendOne(successor, 2n)
  assert.equal(second.volume, first.volume)
  const third = await appendOne(old, 3n)
  assert.notEqual(third.volume, first.volume)
  for (const store of [old, successor]) {
    for (const [key, locator] of [
      [1n, first],
      [2n, second],
      [3n, third],
    ] as const) {
      assert.deepEqual([...(await store.read(key, locator)).data], [Number(key)])
    }
  }
  await old.close()
  await successor.close()
})

test('blobstore object: an outage uses up no volumes, and is over when it is over', async () => {
  let down = true
  const { objects } = watched(async () => {
    if (down) throw new MediaError('STORAGE_UNAVAILABLE')
  })
  const directory = memoryDirectory()
  const store = await storeOver(objects, directory)
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await assert.rejects(appendOne(store, 1n), (error) => error instanceof MediaError && error.code === 'STORAGE_UNAVAILABLE')
  }
  down = false
  const locator = await appendOne(store, 1n)
  assert.equal(locator.volume, 1)
  assert.deepEqual([...(await store.read(1n, locator)).data], [1])
  await store.close()
})

test('blobstore object: numbers that a forgotten directory left in the bucket are stepped over', async () => {
  const { objects } = watched()
  const before = await storeOver(objects)
  const old = await appendOne(before, 1n)
  await before.close()
  const after = await storeOver(objects)
  const fresh = await appendOne(after, 2n)
  assert.notEqual(fresh.volume, old.volume)
  assert.deepEqual([...(await after.read(1n, old)).data], [1])
  await after.close()
})

test('blobstore object: processes that erase at once all succeed, and a key is never lost', async () => {
  const { objects } = watched()
  const store = await storeOver(objects)
  const locators = await Promise.all(Array.from({ length: 30 }, (_, key) => appendOne(store, BigInt(key))))
  const erasers = [1, 2, 3].map(() => createObjectBlobReader({ objects }))
  await Promise.all(locators.map(({ volume }, key) => (erasers[key % 3] ?? store).delete(BigInt(key), volume)))
  const reader = createObjectBlobReader({ objects })
  for (const [key, locator] of locators.entries()) {
    await assert.rejects(reader.read(BigInt(key), locator), (error) => error instanceof MediaError && error.code === 'MEDIA_ERASED')
  }
  await store.close()
})

test('blobstore object: a pack that is gone makes its needles corrupt, never not found', async () => {
  const { objects, inner } = watched()
  const store = await storeOver(objects)
  const [first, second, third] = [await appendOne(store, 1n), await appendOne(store, 2n), await appendOne(store, 3n)]
  await inner.delete('volumes/1/0000000002')
  await assert.rejects(store.read(2n, second), (error) => error instanceof MediaError && error.code === 'BLOB_CORRUPT')
  const reader = createObjectBlobReader({ objects })
  await assert.rejects(reader.read(2n, second), (error) => error instanceof MediaError && error.code === 'BLOB_CORRUPT')
  for (const [key, locator] of [
    [1n, first],
    [3n, third],
  ] as const) {
    assert.deepEqual([...(await reader.read(key, locator)).data], [Number(key)])
  }
  await store.close()
})
