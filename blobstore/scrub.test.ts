import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryObjectStore } from '../objects/memory.ts'
import type { ScrubProgress } from '../domain/volume-ports.ts'
import { careWorld } from '../tests/contract/volume-care.contract.ts'
import { FaultDisk } from '../tests/sim/fault-disk.ts'
import { blobLimits } from './blob-limits.ts'
import { createFileBackend } from './file-backend.ts'
import { recordBytes } from './layout.ts'
import { memoryDirectory } from './memory-directory.ts'
import { systemClock } from './refresher.ts'
import { scrubVolume } from './scrub.ts'
import { createPackedStore } from './store.ts'

const MIB = 1024 ** 2
const limits = blobLimits({ extentBytes: 4_096 })

/** A store in memory. */
async function emptyStore() {
  const disk = new FaultDisk(new Map())
  const directory = memoryDirectory()
  const backend = createFileBackend({ disk, folder: 'v', limits, report: () => {} })
  const common = { backend, directory, placements: directory, limits, clock: systemClock, report: () => {} }
  return { disk, store: await createPackedStore({ ...common, writer: 'w' }) }
}

/** A volume of 80 MiB in memory: one needle replaced, one key erased, damage within data and between records. */
async function harmedVolume() {
  const { disk, store } = await emptyStore()
  for (const key of [1n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n])
    await store.append([{ key, alt: 0, data: new Uint8Array(8 * MIB).fill(Number(key)) }])
  await store.delete(4n, 1)
  await store.close()
  const image = new Map(disk.paths().map((path) => [path, { bytes: disk.bytesOf(path).slice(), ghost: new Uint8Array(0) }]))
  const bytes = image.get('v/1.volume')?.bytes
  assert.ok(bytes)
  const record = 8 * MIB + 72
  for (const at of [4096 + 2 * record + 500, 4096 + 3 * record + 3, 4096 + 7 * record + 900]) bytes[at] = (bytes[at] ?? 0) ^ 1
  return { disk: new FaultDisk(image), folder: 'v', volume: 1 }
}

test('scrub: an attempt that goes on from any checkpoint of another reports what a whole one does', async () => {
  const at = await harmedVolume()
  const checkpoints: ScrubProgress[] = []
  const clock = systemClock
  const whole = await scrubVolume(at, { clock, onCheckpoint: (progress) => void checkpoints.push(progress) })
  assert.equal(whole.bad.length, 3)
  assert.ok(whole.deadBytes >= 16 * MIB && whole.deadBytes < 17 * MIB, `${whole.deadBytes}`)
  assert.ok(checkpoints.length >= 3, `${checkpoints.length}`)
  for (const from of checkpoints) {
    let read = 0
    const resumed = await scrubVolume(at, { clock, from, onProgress: ({ doneBytes }) => (read = doneBytes) })
    assert.deepEqual(resumed, whole, `from ${from.offset}`)
    assert.ok(read <= whole.bytes)
  }
})

test('scrub: what a tombstone of one version hides is dead, once, and other versions are not', async () => {
  const { disk, store } = await emptyStore()
  for (const alt of [0x100_0000, 0x100_0000, 0x100_0001, 0x200_0000]) await store.append([{ key: 1n, alt, data: new Uint8Array(1_000) }])
  await store.delete(1n, 1, 1)
  await store.close()
  const { needles, deadBytes } = await scrubVolume({ disk, folder: 'v', volume: 1 }, { clock: systemClock })
  assert.deepEqual([needles, deadBytes], [4, 3 * recordBytes(1_000)])
})

test('scrub: progress of another writing of the volume is not gone on from', async () => {
  const at = await harmedVolume()
  const whole = await scrubVolume(at, { clock: systemClock })
  const from = { of: 'another', offset: 40 * MIB, lastBatch: 3, epochMax: 1, needles: 99, deadBytes: 0, bad: [] }
  assert.deepEqual(await scrubVolume(at, { clock: systemClock, from }), whole)
})

test('scrub: of a volume on objects an attempt goes on within and between packs, and tells of packs that are gone', async () => {
  const objects = createMemoryObjectStore()
  const world = careWorld(objects)
  const kept = await world.filled(Array.from({ length: 8 }, () => 9 * MIB))
  const volume = kept[0]?.locator.volume ?? 0
  const [erased] = kept
  assert.ok(erased)
  await world.erase(world.reader(), erased)
  for (const gone of [1, 5, 8]) await objects.delete(`volumes/${volume}/000000000${gone}`)
  const checkpoints: ScrubProgress[] = []
  const whole = await world.care().scrub(volume, { onCheckpoint: (progress) => void checkpoints.push(progress) })
  assert.equal(whole.bad.length, 3, JSON.stringify(whole.bad))
  assert.ok(checkpoints.length >= 2)
  for (const from of checkpoints) assert.deepEqual(await world.care().scrub(volume, { from }), whole)
})
