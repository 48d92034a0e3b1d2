import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { memoryDirectory } from '../../blobstore/memory-directory.ts'
import { createObjectBlobReader, createObjectBlobStore } from '../../blobstore/object.ts'
import { createObjectBackend } from '../../blobstore/object-backend.ts'
import { createObjectCare } from '../../blobstore/object-care.ts'
import { systemClock } from '../../blobstore/refresher.ts'
import type { BlobReport } from '../../blobstore/volume-log.ts'
import { codeOf } from '../../domain/errors.ts'
import type { Locator } from '../../domain/media.ts'
import type { BlobStore, ObjectStore } from '../../domain/ports.ts'

type Reads = Pick<BlobStore, 'read'>

interface Kept {
  readonly key: bigint
  readonly locator: Locator
  readonly data: Uint8Array
}

const fresh = { volumeRefreshMsMin: 0, tombstoneAgeMsMax: 0 }
const report = () => {}

/** Volumes on `objects`, and those who look after them. */
export function careWorld(objects: ObjectStore) {
  const reports: BlobReport[] = []
  const directory = memoryDirectory()
  const tell = (one: BlobReport) => void reports.push(one)
  const backend = createObjectBackend({ objects, report: tell })
  return {
    directory,
    reports,
    care: (graceMs = 0) => createObjectCare({ objects, backend, directory, clock: systemClock, report: tell, name: 'care', graceMs }),
    reader: () => createObjectBlobReader({ objects, limits: fresh, report }),
    /** Needles of one volume in as many packs, the volume sealed; `onFirst` sees the first while the volume is open. */
    async filled(sizes: readonly number[], onFirst?: (first: Kept) => Promise<void>): Promise<Kept[]> {
      const limits = { ...fresh, volumeBytesMax: sizes.reduce((sum, size) => sum + size + 500, 8_192) }
      const store = await createObjectBlobStore({ objects, directory, placements: directory, writer: 'w', limits })
      const kept: Kept[] = []
      for (const [index, size] of sizes.entries()) {
        const data = new Uint8Array(randomBytes(size))
        const [locator] = await store.append([{ key: BigInt(index + 1), alt: 1, data }])
        assert.ok(locator)
        kept.push({ key: BigInt(index + 1), locator, data })
        if (index === 0) await onFirst?.({ key: 1n, locator, data })
      }
      await store.append([{ key: 999n, alt: 1, data: new Uint8Array(limits.volumeBytesMax) }])
      await store.close()
      return kept
    },
    /** Two versions of one key in a volume that is sealed. */
    async versions(): Promise<Kept[]> {
      const limits = { ...fresh, volumeBytesMax: 16_384 }
      const store = await createObjectBlobStore({ objects, directory, placements: directory, writer: 'w', limits })
      const datas = [new Uint8Array(randomBytes(900)), new Uint8Array(randomBytes(900))]
      const locators = await store.append(datas.map((data, index) => ({ key: 7n, alt: (index + 1) * 0x100_0000, data })))
      await store.append([{ key: 999n, alt: 1, data: new Uint8Array(limits.volumeBytesMax) }])
      await store.close()
      return locators.map((locator, index) => ({ key: 7n, locator, data: datas[index] ?? new Uint8Array() }))
    },
    async replace(reader: Pick<BlobStore, 'delete'>, { key, locator }: Kept) {
      await reader.delete(key, locator.volume, locator.alt >>> 24)
      directory.erased(key)
    },
    async erase(reader: Pick<BlobStore, 'delete'>, { key, locator }: Kept) {
      await reader.delete(key, locator.volume)
      directory.erased(key)
    },
    /** Whether any object holds these bytes. */
    async holds(bytes: Uint8Array): Promise<boolean> {
      for await (const { key } of objects.list('volumes/')) {
        const chunks: Uint8Array[] = []
        for await (const chunk of (await objects.get(key)).body) chunks.push(chunk)
        if (Buffer.concat(chunks).includes(Buffer.from(bytes))) return true
      }
      return false
    },
    async dispose() {
      for (const prefix of ['volumes/', 'tombstones/']) for await (const { key } of objects.list(prefix)) await objects.delete(key)
    },
  }
}

export async function assertAllRead(reader: Reads, kept: readonly Kept[]): Promise<void> {
  for (const { key, locator, data } of kept)
    assert.ok(Buffer.from((await reader.read(key, locator)).data).equals(Buffer.from(data)), `needle ${key} reads as it was`)
}

/** What looking after volumes does on every object store. */
export function volumeCareContract(name: string, make: () => Promise<ObjectStore>): void {
  const about = (sentence: string, run: (world: ReturnType<typeof careWorld>) => Promise<void>) => {
    const title = `volume care ${name}: ${sentence}`
    void test(title, async () => {
      const world = careWorld(await make())
      await world.dispose()
      try {
        await run(world)
      } finally {
        await world.dispose()
      }
    })
  }

  about('compaction leaves out a version that has a tombstone, and keeps the others of the key', async (world) => {
    const versions = await world.versions()
    const [old, current] = versions
    assert.ok(old && current)
    const reader = world.reader()
    await world.replace(reader, old)
    const outcome = await world.care().compact(old.locator.volume, { force: true })
    assert.ok(outcome.done && outcome.dropped === 1 && outcome.kept === 1)
    await world.care().collectGarbage({})
    await assertAllRead(world.reader(), [current])
    assert.equal(await world.holds(old.data), false)
    await assert.rejects(world.reader().read(old.key, old.locator), (error) => codeOf(error) === 'VERSION_REPLACED')
  })

  about('a merged volume reads as before, to those who had it open and to those who come, also when its packs are gone', async (world) => {
    // Small packs, and some large enough to be copied by the server.
    const kept = await world.filled([70_000, 10, 6 * 1024 ** 2, 300_000, 5 * 1024 ** 2, 1_000])
    const volume = kept[0]?.locator.volume ?? 0
    const before = world.reader()
    await assertAllRead(before, kept)
    const outcome = await world.care().merge(volume, {})
    assert.ok(outcome.done && outcome.kept === kept.length)
    const between = world.reader()
    await assertAllRead(before, kept)
    await assertAllRead(between, kept)
    assert.ok((await world.care().collectGarbage({})) >= kept.length)
    const late = world.reader()
    for (const reader of [before, between, late]) await assertAllRead(reader, kept)
    const row = await world.directory.volume(volume)
    assert.deepEqual([row?.state, row?.generation, row?.bytes], ['merged', 1, outcome.bytesAfter])
    assert.deepEqual(await world.care().merge(volume, {}), { done: false, why: 'nothing to do' })
    const { bad, needles } = await world.care().scrub(volume, {})
    assert.deepEqual([bad, needles], [[], kept.length])
    await world.erase(late, kept[0] as Kept)
    for (const reader of [before, late])
      await assert.rejects(reader.read(1n, kept[0]?.locator as Locator), (error) => codeOf(error) === 'MEDIA_ERASED')
    assert.deepEqual(world.reports, [])
  })

  about(
    'what was erased leaves the bucket, all else keeps its locator, and a volume of which nothing is left is retired',
    async (world) => {
      const kept = await world.filled([40_000, 50_000, 60_000, 70_000])
      const volume = kept[0]?.locator.volume ?? 0
      const before = world.reader()
      await assertAllRead(before, kept)
      const care = world.care()
      await care.merge(volume, {})
      const [first, second, ...rest] = kept
      assert.ok(first && second)
      assert.deepEqual(await care.compact(volume, {}), { done: false, why: 'nothing to do' })
      for (const one of [first, second]) await world.erase(before, one)
      const outcome = await care.compact(volume, {})
      assert.ok(outcome.done && outcome.dropped === 2 && outcome.kept === 2)
      assert.equal(await world.holds(first.data), true)
      await care.collectGarbage({})
      for (const { data } of [first, second]) assert.equal(await world.holds(data), false)
      for (const reader of [before, world.reader()]) {
        await assertAllRead(reader, rest)
        await assert.rejects(reader.read(first.key, first.locator), (error) => codeOf(error) === 'MEDIA_ERASED')
      }
      for (const one of rest) await world.erase(before, one)
      const last = await care.compact(volume, {})
      assert.ok(last.done && last.kept === 0)
      await care.collectGarbage({})
      assert.equal((await world.directory.volume(volume))?.state, 'retired')
      for (const { key, locator, data } of kept) {
        assert.equal(await world.holds(data), false)
        await assert.rejects(world.reader().read(key, locator), (error) => codeOf(error) === 'MEDIA_ERASED')
      }
    },
  )

  about('who had it open before its last packs finds what was in them after they were merged and collected', async (world) => {
    const early = world.reader()
    const kept = await world.filled([1_000, 2_000, 3_000], async (first) => await assertAllRead(early, [first]))
    await world.care().merge(kept[0]?.locator.volume ?? 0, {})
    await world.care().collectGarbage({})
    await assertAllRead(early, kept.toReversed())
  })

  about('what was erased before a merge still counts after it, and leaves the bucket when the volume is compacted', async (world) => {
    const kept = await world.filled([40_000, 50_000, 60_000])
    const [first, ...rest] = kept
    assert.ok(first)
    const { volume } = first.locator
    await world.erase(world.reader(), first)
    const before = await world.directory.volume(volume)
    assert.ok((await world.care().merge(volume, {})).done)
    const after = await world.directory.volume(volume)
    assert.deepEqual([after?.keysErased, after?.bytesErased], [1, before?.bytesErased])
    const outcome = await world.care().compact(volume, {})
    assert.ok(outcome.done && outcome.dropped === 1)
    await world.care().collectGarbage({})
    assert.equal(await world.holds(first.data), false)
    await assertAllRead(world.reader(), rest)
  })

  about('a volume that was never merged is compacted too', async (world) => {
    const kept = await world.filled([4_000, 5_000, 6_000])
    const [first, ...rest] = kept
    assert.ok(first)
    await world.erase(world.reader(), first)
    const outcome = await world.care().compact(first.locator.volume, {})
    assert.ok(outcome.done && outcome.kept === 2)
    await world.care().collectGarbage({})
    assert.equal(await world.holds(first.data), false)
    await assertAllRead(world.reader(), rest)
  })
}
