import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { codeOf, MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { createFileObjectStore } from '../objects/file.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import { createObjectBackend } from './object-backend.ts'
import { createObjectCare } from './object-care.ts'
import { assertAllRead, careWorld, volumeCareContract } from '../tests/contract/volume-care.contract.ts'

const folder = await mkdtemp(join(tmpdir(), 'darkroom-care-'))
after(() => rm(folder, { recursive: true, force: true }))

volumeCareContract('on memory', async () => createMemoryObjectStore())
volumeCareContract('on files', async () => createFileObjectStore({ folder }))

/** Objects that count what is asked of them, and fail at the call named. */
function watched() {
  const inner = createMemoryObjectStore()
  const calls: string[] = []
  const state = { failAt: Number.POSITIVE_INFINITY }
  const called = (call: string) => {
    calls.push(call)
    if (calls.length > state.failAt) throw new MediaError('STORAGE_UNAVAILABLE')
  }
  const objects: ObjectStore = {
    ...inner,
    async put(key, body, options) {
      called(`put ${key}`)
      return inner.put(key, body, options)
    },
    async compose(key, pieces, options) {
      called(`compose ${key}`)
      return inner.compose(key, pieces, options)
    },
    async get(key, range) {
      called(`get ${key}`)
      return inner.get(key, range)
    },
    async head(key) {
      called(`head ${key}`)
      return inner.head(key)
    },
    async delete(key) {
      called(`delete ${key}`)
      await inner.delete(key)
    },
    async *list(prefix, from) {
      called(`list ${prefix}`)
      yield* inner.list(prefix, from)
    },
  }
  return { inner, objects, calls, state }
}

test('object care: a cold read is one request for bytes before a merge, after it, and after the packs are gone', async () => {
  const { objects, calls } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000, 3_000, 4_000])
  const volume = kept[0]?.locator.volume ?? 0
  for (const step of [async () => {}, () => world.care().merge(volume, {}), () => world.care().collectGarbage({})]) {
    await step()
    const reader = world.reader()
    await assertAllRead(reader, kept.slice(0, 1))
    calls.length = 0
    await assertAllRead(reader, kept.slice(1))
    assert.equal(calls.filter((call) => call.startsWith('get')).length, 3, calls.join(', '))
  }
})

test('object care: wherever merging, compacting and collecting are broken off, everything is read, and doing it again finishes it', async () => {
  let finished = false
  for (let failAt = 0; !finished; failAt += 1) {
    const { objects, calls, state } = watched()
    const world = careWorld(objects)
    const kept = await world.filled([900, 800, 700])
    const [erased, ...rest] = kept
    assert.ok(erased)
    const { volume } = erased.locator
    const before = world.reader()
    await assertAllRead(before, kept)
    calls.length = 0
    state.failAt = failAt
    const work = async () => {
      await world.care().merge(volume, {})
      await world.erase(world.reader(), erased)
      await world.care().compact(volume, {})
      await world.care().collectGarbage({})
    }
    const broken = await work().then(
      () => world.reports.length > 0,
      (error: unknown) => {
        assert.equal(codeOf(error), 'STORAGE_UNAVAILABLE')
        return true
      },
    )
    finished = !broken
    state.failAt = Number.POSITIVE_INFINITY
    for (const reader of [before, world.reader()]) await assertAllRead(reader, rest)
    await world.care().merge(volume, {})
    await world.erase(world.reader(), erased)
    await world.care().compact(volume, { force: true })
    await world.care().collectGarbage({})
    for (const reader of [before, world.reader()]) await assertAllRead(reader, rest)
    assert.equal(await world.holds(erased.data), false, `broken off at call ${failAt}`)
    const left: string[] = []
    for await (const { key } of objects.list(`volumes/${volume}/`)) left.push(key)
    assert.equal(left.length, 3, left.join(', '))
  }
})

test('object care: a volume with a rotten pack, or without one of them, is not merged and stays as it was', async () => {
  for (const harm of ['rot', 'loss'] as const) {
    const { objects, inner } = watched()
    const world = careWorld(objects)
    const kept = await world.filled([1_000, 2_000, 3_000])
    const volume = kept[0]?.locator.volume ?? 0
    const key = `volumes/${volume}/0000000002`
    if (harm === 'loss') await inner.delete(key)
    else {
      const chunks: Uint8Array[] = []
      for await (const chunk of (await inner.get(key)).body) chunks.push(chunk)
      const bytes = Buffer.concat(chunks)
      bytes[500] = (bytes[500] ?? 0) ^ 1
      await inner.put(key, bytes)
    }
    await assert.rejects(world.care().merge(volume, {}), (error) => codeOf(error) === 'BLOB_CORRUPT')
    await assert.rejects(world.care().compact(volume, { force: true }), (error) => codeOf(error) === 'BLOB_CORRUPT')
    await world.care().collectGarbage({})
    await assertAllRead(
      world.reader(),
      [kept[0], kept[2]].filter((one) => one !== undefined),
    )
    assert.equal((await world.directory.volume(volume))?.state, 'sealed')
    const { bad } = await world.care().scrub(volume, {})
    assert.equal(bad.length, 1)
  }
})

test('object care: a volume whose last packs are gone is not compacted, and a scrub says what is lost', async () => {
  const { objects, inner } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000, 3_000])
  const volume = kept[0]?.locator.volume ?? 0
  const end = (await world.directory.volume(volume))?.bytes ?? 0
  assert.deepEqual((await world.care().scrub(volume, {})).bad, [])
  const last = `volumes/${volume}/0000000003`
  const gone = (await inner.head(last))?.bytes ?? 0
  await inner.delete(last)
  await world.erase(world.reader(), kept[0] as (typeof kept)[0])
  await assert.rejects(world.care().compact(volume, { force: true }), (error) => codeOf(error) === 'BLOB_CORRUPT')
  assert.deepEqual((await world.care().scrub(volume, {})).bad, [{ start: end - gone, end }])
})

test('object care: a merge keeps to its pace, the copying as the reading back', async () => {
  const objects = createMemoryObjectStore()
  const world = careWorld(objects)
  const kept = await world.filled([300_000, 300_000, 300_000])
  const volume = kept[0]?.locator.volume ?? 0
  const time = { nowMs: 0 }
  const clock = { nowMs: () => time.nowMs, wait: async (ms: number) => void (time.nowMs += ms), every: () => () => {} }
  const backend = createObjectBackend({ objects, report: () => {} })
  const { directory } = world
  const care = createObjectCare({ objects, backend, directory, clock, report: () => {}, name: 'care' })
  const outcome = await care.merge(volume, { bytesPerSecondMax: 100_000 })
  assert.ok(outcome.done)
  assert.ok(time.nowMs >= (2 * 900_000 * 1_000) / 100_000, `${time.nowMs} ms`)
})

test('object care: a compaction that was broken off before it counted is shorter than the books say, and sound', async () => {
  const { objects } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000, 3_000])
  const [erased, ...rest] = kept
  assert.ok(erased)
  const { volume } = erased.locator
  await world.erase(world.reader(), erased)
  const finish = world.directory.finishRewrite
  world.directory.finishRewrite = async () => {
    throw new MediaError('CATALOG_UNAVAILABLE')
  }
  await assert.rejects(world.care().compact(volume, { force: true }), (error) => codeOf(error) === 'CATALOG_UNAVAILABLE')
  world.directory.finishRewrite = finish
  assert.deepEqual((await world.care().scrub(volume, {})).bad, [])
  assert.ok((await world.care().compact(volume, { force: true })).done)
  await assertAllRead(world.reader(), rest)
})

test('object care: packs are kept when what took their place is gone', async () => {
  const { objects, inner } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000])
  const volume = kept[0]?.locator.volume ?? 0
  await world.care().merge(volume, {})
  await inner.delete(`volumes/${volume}/m0000000001`)
  assert.equal(await world.care().collectGarbage({}), 0)
  assert.deepEqual(
    world.reports.map(({ kind }) => kind),
    ['garbage kept'],
  )
  await inner.delete(`volumes/${volume}/i0000000001`)
  await assertAllRead(world.reader(), kept)
})

test('object care: nothing is collected before its grace is over', async () => {
  const { objects } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000])
  await world.care(60_000).merge(kept[0]?.locator.volume ?? 0, {})
  assert.equal(await world.care().collectGarbage({}), 0)
})

test('object care: of two merges of a volume at once one counts, and readers of the other are led back', async () => {
  const { objects } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000])
  const volume = kept[0]?.locator.volume ?? 0
  const outcomes = await Promise.all([world.care().merge(volume, {}), world.care().merge(volume, {})])
  assert.equal(outcomes.filter(({ done }) => done).length, 1)
  const reader = world.reader()
  await assertAllRead(reader, kept)
  await world.care().collectGarbage({})
  for (const each of [reader, world.reader()]) await assertAllRead(each, kept)
})

test('object care: a merged volume whose bytes are gone or cut short is told as corrupt, never as not found', async () => {
  for (const left of [0, 2_000]) {
    const { objects, inner } = watched()
    const world = careWorld(objects)
    const kept = await world.filled([1_000, 2_000])
    const [first] = kept
    assert.ok(first)
    const { volume } = first.locator
    const before = world.reader()
    await world.care().merge(volume, {})
    await world.care().collectGarbage({})
    await assertAllRead(before, kept)
    const key = `volumes/${volume}/m0000000001`
    if (left === 0) await inner.delete(key)
    else await inner.put(key, new Uint8Array(left))
    for (const reader of [before, world.reader()]) {
      for (const { key, locator } of kept) await assert.rejects(reader.read(key, locator), (error) => codeOf(error) === 'BLOB_CORRUPT')
    }
  }
})

test('object care: an index that is damaged is made anew from the bytes', async () => {
  const { objects, inner } = watched()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000])
  const volume = kept[0]?.locator.volume ?? 0
  await world.care().merge(volume, {})
  await world.care().collectGarbage({})
  await inner.put(`volumes/${volume}/i0000000001`, new Uint8Array(5_000))
  await assertAllRead(world.reader(), kept)
})
