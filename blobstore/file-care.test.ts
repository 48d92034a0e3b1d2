import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobStore } from '../domain/ports.ts'
import type { VolumeCare, VolumeHost } from '../domain/volume-ports.ts'
import { blobLimits } from './blob-limits.ts'
import type { Disk } from './disk.ts'
import { createError, writeError } from './disk-errors.ts'
import { createFileBackend } from './file-backend.ts'
import { createFileCare } from './file-care.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { type MemoryDirectory, memoryDirectory } from './memory-directory.ts'
import { createPackedStore } from './store.ts'
import { createSystemDisk } from './system-disk.ts'
import type { BlobReport, VolumeBackend } from './volume-log.ts'

interface World {
  readonly folder: string
  readonly directory: MemoryDirectory
  readonly care: VolumeCare
  readonly time: { nowMs: number }
  /** Called while a commit is on its way to the disk, before a file is created, and before one is removed. */
  readonly during: { write: () => void; create: (path: string) => void; remove: (path: string) => Promise<void> }
  /** What its disk has left. */
  readonly room: { freeBytes: number }
  /** What happens by itself after a while happens now. */
  readonly tick: () => void
  readonly backend: VolumeBackend
  /** Files that are open, for reading or writing. */
  readonly opened: Set<object>
  readonly reports: BlobReport[]
  open(writer: string): Promise<BlobStore & VolumeHost>
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-care-'))
  const time = { nowMs: 0 }
  const timers = new Set<() => void>()
  const every = (_: number, run: () => void) => {
    timers.add(run)
    return () => void timers.delete(run)
  }
  const clock = { nowMs: () => time.nowMs, wait: async () => {}, every }
  const tick = () => {
    for (const run of timers) run()
  }
  const limits = blobLimits({ extentBytes: 64 * 1024, volumeBytesMax: 20_000, tombstoneAgeMsMax: 0 })
  const directory = memoryDirectory({ leaseMs: limits.volumeLeaseMs, nowMs: clock.nowMs })
  const during: World['during'] = { write: () => {}, create: () => {}, remove: async () => {} }
  const room = { freeBytes: 10 ** 12 }
  const real = createSystemDisk({ directReads: false })
  const opened = new Set<object>()
  function counted<T extends { close(): Promise<void> }>(file: T): T {
    opened.add(file)
    const close = () => file.close().finally(() => opened.delete(file))
    return { ...file, close }
  }
  const disk: Disk = {
    ...real,
    freeBytes: async () => room.freeBytes,
    async create(path, head, bytesTotal) {
      during.create(path)
      await real.create(path, head, bytesTotal)
    },
    async remove(path) {
      await during.remove(path)
      await real.remove(path)
    },
    async openRead(path) {
      const file = await real.openRead(path)
      return file === null ? null : counted(file)
    },
    async openWrite(path) {
      const file = counted(await real.openWrite(path))
      return {
        ...file,
        async write(offset, bytes) {
          await file.write(offset, bytes)
          during.write()
        },
      }
    },
  }
  const reports: BlobReport[] = []
  const report = (one: BlobReport) => void reports.push(one)
  const backend = createFileBackend({ disk, folder, limits, report })
  const care = createFileCare({ disk, folder, backend, directory, clock, report, name: 'care' })
  try {
    const open = (writer: string) => createPackedStore({ backend, directory, placements: directory, writer, limits, clock, report })
    await run({ folder, directory, care, time, during, room, tick, backend, opened, reports, open })
  } finally {
    await disk.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const put = (store: BlobStore, key: bigint, bytes = 5_000) =>
  store.append([{ key, alt: 1, data: new Uint8Array(bytes).fill(Number(key)) }]).then(([locator]) => locator as Locator)

test('file care: a volume whose writer is silent is sealed; the writer goes on in another one, and nothing is lost', () =>
  inWorld(async ({ directory, care, time, open }) => {
    const store = await open('silent')
    const first = await put(store, 1n)
    assert.deepEqual(await care.sealAbandoned({}), [])
    time.nowMs += 40_000
    assert.deepEqual(await care.sealAbandoned({}), [first.volume])
    assert.equal((await directory.volume(first.volume))?.state, 'sealed')
    const second = await put(store, 2n)
    assert.notEqual(second.volume, first.volume)
    for (const [key, locator] of [
      [1n, first],
      [2n, second],
    ] as const) {
      assert.equal((await store.read(key, locator)).data[0], Number(key))
    }
    await store.close()
    const { needles, bad } = await care.scrub(first.volume, {})
    assert.deepEqual([needles, bad], [1, []])
  }))

test('file care: a commit that became durable when another may have held the volume is acknowledged elsewhere', () =>
  inWorld(async ({ directory, time, during, open }) => {
    const store = await open('slow')
    const { volume } = await put(store, 1n)
    during.write = () => {
      during.write = () => {}
      time.nowMs += 40_000
    }
    const taken = directory.renew
    directory.renew = async (lease) => {
      assert.ok(await directory.take(lease.volume, 'thief'))
      return taken(lease)
    }
    const second = await put(store, 2n)
    directory.renew = taken
    assert.notEqual(second.volume, volume)
    await store.close()
  }))

test('file care: what was erased leaves the disk when it is due, and an emptied volume is retired', () =>
  inWorld(async ({ directory, care, open }) => {
    const store = await open('w')
    const located = await Promise.all([1n, 2n, 3n, 4n, 5n, 6n].map((key) => put(store, key)))
    const volume = located[0]?.volume ?? 0
    const inFirst = [1n, 2n, 3n, 4n, 5n, 6n].filter((_, at) => located[at]?.volume === volume)
    await store.append([{ key: 7n, alt: 1, data: new Uint8Array(19_000) }])
    await store.close()
    assert.deepEqual(await care.compact(volume, {}), { done: false, why: 'nothing to do' })
    for (const key of inFirst.slice(1)) {
      await store.delete(key, volume)
      directory.erased(key)
    }
    const outcome = await care.compact(volume, {})
    assert.ok(outcome.done && outcome.kept === 1 && outcome.dropped === inFirst.length - 1 && outcome.bytesAfter < outcome.bytesBefore)
    assert.equal((await directory.volume(volume))?.keysErased, 0)
    await store.delete(inFirst[0] ?? 0n, volume)
    directory.erased(inFirst[0] ?? 0n)
    const last = await care.compact(volume, {})
    assert.ok(last.done && last.kept === 0)
    assert.equal((await directory.volume(volume))?.state, 'retired')
    assert.deepEqual(await care.compact(volume, { force: true }), { done: false, why: 'nothing to do' })
  }))

test('file care: a volume is not compacted where its disk would be full before it is done', () =>
  inWorld(async ({ directory, care, room, open }) => {
    const store = await open('w')
    const [{ volume }] = [await put(store, 1n), await put(store, 2n), await put(store, 3n, 19_000)]
    await store.delete(1n, volume)
    await store.close()
    directory.erased(1n)
    const held = (await directory.volume(volume))?.bytesHeld ?? 0
    assert.ok(held > 0)
    room.freeBytes = limits.compactionSparesBytes + held - 1
    assert.deepEqual(await care.compact(volume, {}), { done: false, why: 'no room' })
    room.freeBytes += 1
    assert.equal((await care.compact(volume, {})).done, true)
  }))

test('file care: a person takes a volume from its writer, who is not given another lease and goes on elsewhere', () =>
  inWorld(async ({ directory, care, time, open }) => {
    const store = await open('w')
    const first = await put(store, 1n)
    assert.deepEqual(await care.compact(first.volume, {}), { done: false, why: 'busy' })
    assert.deepEqual(await care.compact(first.volume, { force: true }), { done: false, why: 'busy' })
    // Its lease lasts, so what it writes until then is kept.
    const second = await put(store, 2n)
    assert.equal(second.volume, first.volume)
    time.nowMs += 40_000
    const outcome = await care.compact(first.volume, { force: true })
    assert.ok(outcome.done && outcome.kept === 2)
    assert.equal((await directory.volume(first.volume))?.state, 'sealed')
    const third = await put(store, 3n)
    assert.notEqual(third.volume, first.volume)
    await store.reopen(first.volume)
    for (const [key, locator] of [
      [1n, first],
      [2n, second],
      [3n, third],
    ] as const) {
      assert.equal((await store.read(key, locator)).data[0], Number(key))
    }
    await store.close()
  }))

test('file care: of a volume that could not be sealed nothing stays open, and its space comes back once it is compacted', () =>
  inWorld(async ({ directory, care, time, opened, open }) => {
    const store = await open('w')
    const { volume } = await put(store, 1n)
    const seal = directory.seal
    directory.seal = async () => {
      throw new MediaError('CATALOG_UNAVAILABLE')
    }
    await store.seal(volume)
    directory.seal = seal
    time.nowMs += 40_000
    assert.deepEqual(await care.sealAbandoned({}), [volume])
    await store.reopen(volume)
    assert.equal(opened.size, 0)
    await store.close()
  }))

test('file care: a volume that cannot be recovered stays open and as it is; its writer goes on in another, which is sealed when it is silent', () =>
  inWorld(async ({ folder, directory, care, time, opened, reports, open }) => {
    const stopped = await open('w')
    const { volume } = await put(stopped, 1n)
    await stopped.close()
    const path = join(folder, `${volume}.volume`)
    const rotten = (await readFile(path)).fill(0xff, 0, SUPERBLOCK_BYTES)
    await writeFile(path, rotten)
    const store = await open('w')
    const kinds = () => reports.filter((one) => one.volume === volume).map(({ kind }) => kind)
    assert.deepEqual(kinds(), ['recovery failed'])
    const second = await put(store, 2n)
    assert.notEqual(second.volume, volume)
    assert.equal((await store.read(2n, second)).data[0], 2)
    await store.close()
    time.nowMs += 40_000
    assert.deepEqual(await care.sealAbandoned({}), [second.volume])
    assert.deepEqual(kinds(), ['recovery failed', 'seal failed'])
    const row = await directory.volume(volume)
    assert.deepEqual([row?.state, row?.bytes], ['open', null])
    assert.deepEqual(await readFile(path), rotten)
    assert.equal(opened.size, 0)
  }))

/** No new volume has space on the disk. */
const full = (path: string) => {
  if (path.endsWith('.volume')) throw writeError('ENOSPC', 'injected')
}

test('file care: a volume that there was no space for until its lease had ended is not created; its writer goes on in another', () =>
  inWorld(async ({ folder, care, time, during, reports, open }) => {
    const store = await open('w')
    during.create = full
    await assert.rejects(put(store, 1n), { code: 'STORAGE_FULL' })
    time.nowMs += 40_000
    assert.deepEqual(await care.sealAbandoned({}), [1])
    during.create = () => {}
    const { volume } = await put(store, 1n)
    assert.equal(volume, 2)
    assert.deepEqual((await readdir(folder)).toSorted(), ['2.volume', '2.writer'])
    assert.deepEqual(
      reports.map(({ kind }) => kind),
      ['volume missing', 'volume taken over'],
    )
    await store.close()
  }))

test('file care: a disk that takes no writes uses up no volumes, however often it is tried', () =>
  inWorld(async ({ during, reports, open }) => {
    const store = await open('w')
    during.create = (path) => {
      if (path.endsWith('.volume')) throw createError('EROFS', 'injected')
    }
    for (let turn = 0; turn < 3; turn += 1) await assert.rejects(put(store, 1n), { code: 'STORAGE_UNAVAILABLE' })
    during.create = () => {}
    assert.equal((await put(store, 1n)).volume, 1)
    assert.deepEqual(reports, [])
    await store.close()
  }))

test('file care: a volume that waits for space is kept by its writer, though nobody appends', () =>
  inWorld(async ({ care, time, during, tick, open }) => {
    const store = await open('w')
    during.create = full
    await assert.rejects(put(store, 1n), { code: 'STORAGE_FULL' })
    for (let turn = 0; turn < 4; turn += 1) {
      time.nowMs += 10_000
      tick()
      await new Promise(setImmediate)
    }
    assert.deepEqual(await care.sealAbandoned({}), [])
    during.create = () => {}
    assert.equal((await put(store, 1n)).volume, 1)
    await store.close()
  }))

test('file care: what a creation that was broken off left behind goes when its volume is sealed, and not while its lease lasts', () =>
  inWorld(async ({ folder, directory, care, time }) => {
    const { volume } = await directory.allot('killed')
    const left = `${volume}.volume.new`
    await writeFile(join(folder, left), new Uint8Array(8_192))
    assert.deepEqual(await care.sealAbandoned({}), [])
    assert.deepEqual(await readdir(folder), [left])
    time.nowMs += 40_000
    assert.deepEqual(await care.sealAbandoned({}), [volume])
    assert.deepEqual(await readdir(folder), [])
    assert.equal(directory.sealed.get(volume), 0)
  }))

test('file care: a volume whose creation ends at the last moment before it is taken over counts as what it is', () =>
  inWorld(async ({ directory, care, time, during, backend, opened }) => {
    const { volume, epoch } = await directory.allot('late')
    time.nowMs += 40_000
    during.remove = async () => {
      during.remove = async () => {}
      const { log, view } = await backend.create(volume, epoch)
      await log.abandon()
      await view.close()
    }
    assert.deepEqual(await care.sealAbandoned({}), [volume])
    assert.ok((directory.sealed.get(volume) ?? 0) > SUPERBLOCK_BYTES)
    assert.deepEqual((await care.scrub(volume, {})).bad, [])
    assert.equal(opened.size, 0)
  }))
