import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectStore } from '../domain/ports.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import { assertAllRead, careWorld } from '../tests/contract/volume-care.contract.ts'
import { blobLimits } from './blob-limits.ts'
import { createObjectBackend } from './object-backend.ts'
import { openObjectView } from './object-view.ts'
import { createPackedReader } from './reader.ts'
import { systemClock } from './refresher.ts'
import { createPackedStore } from './store.ts'
import type { BlobReport } from './volume-log.ts'

/** Objects that do something of ours once, at the call named: before a `get` is answered, after a `list` has been. */
function interrupted() {
  const inner = createMemoryObjectStore()
  const waiting = new Map<string, () => Promise<unknown>>()
  async function at(call: string): Promise<void> {
    const work = waiting.get(call)
    waiting.delete(call)
    await work?.()
  }
  const objects: ObjectStore = {
    ...inner,
    async get(key, range) {
      const found = await inner.get(key, range)
      await at(`get ${key}`)
      return found
    },
    async *list(prefix, from) {
      const found = []
      for await (const one of inner.list(prefix, from)) found.push(one)
      await at(`list ${prefix}`)
      yield* found
    },
  }
  return { objects, interrupt: (call: string, work: () => Promise<unknown>) => void waiting.set(call, work) }
}

test('object view: packs that are loaded while the volume turns out to be merged do not come into the merged one', async () => {
  const { objects, interrupt } = interrupted()
  const world = careWorld(objects)
  const early: { view?: Awaited<ReturnType<typeof openObjectView>> } = {}
  const reports: BlobReport[] = []
  const kept = await world.filled([1_000, 2_000, 3_000], async ({ locator }) => {
    early.view = await openObjectView(objects, locator.volume, (report) => void reports.push(report))
  })
  const { view } = early
  assert.ok(view)
  const volume = kept[0]?.locator.volume ?? 0
  const [first] = view.index.find(1n, 1)
  assert.ok(first)
  // The second pack's index has been read when the volume is merged, its packs go, and a read of the first finds out.
  interrupt(`get volumes/${volume}/0000000002`, async () => {
    await world.care().merge(volume, {})
    await world.care().collectGarbage({})
    await assert.rejects(view.read(first.offset, first.bytes))
  })
  await view.refresh()
  assert.deepEqual(reports, [])
  assert.equal(view.damaged, false)
  assert.deepEqual(
    view.segments().map(({ key }) => key),
    [`volumes/${volume}/m0000000001`],
  )
  assert.equal(view.index.count, 3)
})

test('object view: a look at a volume whose packs, and then what took their place, are collected meanwhile looks again', async () => {
  const { objects, interrupt } = interrupted()
  const world = careWorld(objects)
  const kept = await world.filled([1_000, 2_000])
  const volume = kept[0]?.locator.volume ?? 0
  const before = world.reader()
  await assertAllRead(before, kept)
  await world.care().merge(volume, {})
  await world.care().collectGarbage({})
  interrupt(`list volumes/${volume}/i`, async () => {
    await world.care().compact(volume, { force: true })
    await world.care().collectGarbage({})
  })
  await assertAllRead(before, kept)
})

test('object view: packs that are collected between their listing and their reading are looked for elsewhere', async () => {
  const { objects, interrupt } = interrupted()
  const world = careWorld(objects)
  const early = world.reader()
  const kept = await world.filled([1_000, 2_000, 3_000], async (first) => await assertAllRead(early, [first]))
  const volume = kept[0]?.locator.volume ?? 0
  interrupt(`list volumes/${volume}/`, async () => {
    await world.care().merge(volume, {})
    await world.care().collectGarbage({})
  })
  await assertAllRead(early, kept.toReversed())
})

/** A volume of two packs; when it is opened next, that takes as long as tombstones may be unknown, and its first needle is erased in that time. */
async function slowlyOpened() {
  const { objects, interrupt } = interrupted()
  const { directory, erase, reader } = careWorld(objects)
  const limits = blobLimits()
  const time = { nowMs: 0 }
  const clock = { ...systemClock, nowMs: () => time.nowMs }
  const report = () => {}
  const common = { backend: createObjectBackend({ objects, report }), limits, clock }
  const write = () => createPackedStore({ ...common, directory, placements: directory, writer: 'w', report })
  const store = await write()
  const data = new Uint8Array(900).fill(1)
  const [locator] = await store.append([{ key: 1n, alt: 1, data }])
  await store.append([{ key: 2n, alt: 1, data }])
  await store.close()
  assert.ok(locator)
  const first = { key: 1n, locator, data }
  interrupt(`get volumes/${locator.volume}/0000000002`, async () => {
    await erase(reader(), first)
    time.nowMs += limits.tombstoneAgeMsMax
  })
  return { locator, read: () => createPackedReader(common), write }
}

for (const by of ['read', 'write'] as const) {
  const whom = { read: 'those who read it', write: 'a writer that takes it up again' }[by]
  test(`object view: what is erased while a volume takes long to open is erased for ${whom}`, async () => {
    const opened = await slowlyOpened()
    const store = await opened[by]()
    await assert.rejects(store.read(1n, opened.locator), { code: 'MEDIA_ERASED' })
    await store.close()
  })
}
