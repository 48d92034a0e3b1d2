import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blobLimits } from '../../blobstore/blob-limits.ts'
import type { Disk, ReadFile, WriteFile } from '../../blobstore/disk.ts'
import { createError, readError, writeError } from '../../blobstore/disk-errors.ts'
import { createFileBackend } from '../../blobstore/file-backend.ts'
import { createFileCare } from '../../blobstore/file-care.ts'
import { memoryDirectory, type MemoryDirectory } from '../../blobstore/memory-directory.ts'
import { sealTaken } from '../../blobstore/seal-abandoned.ts'
import { createPackedStore } from '../../blobstore/store.ts'
import { MediaError } from '../../domain/errors.ts'
import type { Locator } from '../../domain/media.ts'
import { FaultDisk } from './fault-disk.ts'

const clock = { nowMs: () => 0, wait: async () => {}, every: () => () => {} }
const limits = blobLimits({ extentBytes: 8192, volumeBytesMax: 12_000, tombstoneAgeMsMax: 0, volumeRefreshMsMin: 0 })
const expected: ReadonlySet<string> = new Set(['STORAGE_FULL', 'STORAGE_UNAVAILABLE', 'VOLUME_FENCED'])
const KEYS = 8
const DATA_BYTES = 1500
const ERASED = 3n

interface Failure {
  /** Calls until the one that fails. */
  left: number
  readonly errno: 'EIO' | 'ENOSPC'
  called: string | null
  /** Files that are open. */
  readonly open: Set<object>
}

/** What a call of each kind fails with. */
const errors = {
  read: (code: string, message: string) => readError(Object.assign(new Error(message), { code })),
  write: writeError,
  create: createError,
}

/** A disk of which any one call fails: of files that are read too. */
function failing(disk: Disk, failure: Failure): Disk {
  async function perhaps<T>(name: string, kind: keyof typeof errors, work: () => Promise<T>): Promise<T> {
    failure.left -= 1
    if (failure.left !== -1) return await work()
    failure.called = name
    throw errors[kind](failure.errno, 'injected')
  }
  function opened(): () => Promise<void> {
    const handle = {}
    failure.open.add(handle)
    return async () => assert.ok(failure.open.delete(handle), 'closed once: its number may be another file by now')
  }
  const reading = (file: ReadFile): ReadFile => ({
    size: () => perhaps('size', 'read', () => file.size()),
    state: () => perhaps('state', 'read', () => file.state()),
    read: (offset, length) => perhaps('read', 'read', () => file.read(offset, length)),
    close: opened(),
  })
  const writing = (file: WriteFile): WriteFile => {
    let failed: unknown = null
    const once = async (name: string, work: () => Promise<void>) => {
      if (failed !== null) throw failed
      await perhaps(name, 'write', work).catch((error: unknown) => {
        failed = error
        throw error
      })
    }
    return {
      size: () => perhaps('size', 'read', () => file.size()),
      write: (offset, bytes) => once('write', () => file.write(offset, bytes)),
      zero: (offset, length) => perhaps('zero', 'write', () => file.zero(offset, length)),
      cut: (length) => perhaps('cut', 'write', () => file.cut(length)),
      close: opened(),
    }
  }
  return {
    create: (path, head, bytesTotal) => perhaps('create', 'create', () => disk.create(path, head, bytesTotal)),
    openRead: (path) =>
      perhaps('openRead', 'read', async () => {
        const file = await disk.openRead(path)
        return file === null ? null : reading(file)
      }),
    openWrite: (path) => perhaps('openWrite', 'write', async () => writing(await disk.openWrite(path))),
    add: (path, bytes) => perhaps('add', 'write', () => disk.add(path, bytes)),
    rename: (from, to) => perhaps('rename', 'write', () => disk.rename(from, to)),
    freeBytes: (path) => perhaps('freeBytes', 'read', () => disk.freeBytes(path)),
    lock: (path) => perhaps('lock', 'write', () => disk.lock(path)),
    remove: (path) => perhaps('remove', 'write', () => disk.remove(path)),
    close: () => disk.close(),
  }
}

const open = (disk: Disk, directory: MemoryDirectory) =>
  createPackedStore({
    backend: createFileBackend({ disk, folder: 'v', limits, report: () => {} }),
    directory,
    placements: directory,
    writer: 'w',
    limits,
    clock,
    report: () => {},
  })

/** What a world error is worth: a code that is known, and never anything else. */
async function orRefused<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    assert.ok(error instanceof MediaError && expected.has(error.code), String(error))
    return null
  }
}

interface Lived {
  readonly acknowledged: Map<bigint, Locator>
  isErased: boolean
}

/** Appends over several volumes, reads, erases, closes, compacts and scrubs; whatever is refused is passed over. */
async function live(disk: Disk, directory: MemoryDirectory): Promise<Lived> {
  const lived: Lived = { acknowledged: new Map(), isErased: false }
  const store = await orRefused(open(disk, directory))
  if (store === null) return lived
  for (let key = 1n; key <= KEYS; key += 1n) {
    const data = new Uint8Array(DATA_BYTES).fill(Number(key))
    // A refused batch is tried again, as an activity's next attempt does.
    const [locator] =
      (await orRefused(store.append([{ key, alt: 0, data }]))) ?? (await orRefused(store.append([{ key, alt: 0, data }]))) ?? []
    assert.ok(locator, 'one failure of the disk refuses no batch twice')
    lived.acknowledged.set(key, locator)
    await orRefused(store.read(key, locator))
  }
  const erased = lived.acknowledged.get(ERASED)
  if (erased) lived.isErased = (await orRefused(store.delete(ERASED, erased.volume).then(() => true))) ?? false
  if (lived.isErased) directory.erased(ERASED)
  await orRefused(store.close())
  const backend = createFileBackend({ disk, folder: 'v', limits, report: () => {} })
  const care = createFileCare({ disk, folder: 'v', backend, directory, clock, report: () => {}, name: 'care' })
  if (erased) {
    await orRefused(care.compact(erased.volume, { force: true }))
    await orRefused(care.scrub(erased.volume, {}))
  }
  const thief = { backend, directory, name: 'thief', report: () => {} }
  for (const { volume } of await directory.volumes({ states: ['open'], limit: 100 })) await orRefused(sealTaken(thief, volume, true))
  return lived
}

for (const errno of ['EIO', 'ENOSPC'] as const) {
  test(`blobstore file: whichever one call fails with ${errno}, it is refused by its code and nothing acknowledged is lost`, async () => {
    const calls = new Set<string>()
    for (let turn = 0; ; turn += 1) {
      const inner = new FaultDisk(new Map())
      const directory = memoryDirectory()
      const failure: Failure = { left: turn, errno, called: null, open: new Set() }
      const { acknowledged, isErased } = await live(failing(inner, failure), directory)
      assert.equal(failure.open.size, 0, `files left open by call ${turn}, ${failure.called}`)
      if (failure.called === null) break
      calls.add(failure.called)
      const store = await open(inner, directory)
      for (const [key, locator] of acknowledged) {
        const read = store.read(key, locator).then(({ data }) => data)
        if (key === ERASED && isErased) await assert.rejects(read, { code: 'MEDIA_ERASED' }, `call ${turn}, ${failure.called}`)
        else if (key === ERASED) await read.catch((error: unknown) => assert.equal((error as MediaError).code, 'MEDIA_ERASED'))
        else assert.deepEqual(await read, new Uint8Array(DATA_BYTES).fill(Number(key)), `call ${turn}, ${failure.called}`)
      }
      await store.close()
    }
    for (const name of ['add', 'create', 'cut', 'openRead', 'openWrite', 'read', 'rename', 'write']) assert.ok(calls.has(name), name)
  })
}
