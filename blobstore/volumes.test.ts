import assert from 'node:assert/strict'
import { mkdtemp, readdir, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Locator } from '../domain/media.ts'
import { blobLimits } from './blob-limits.ts'
import { compactVolume } from './compact.ts'
import type { Disk } from './disk.ts'
import { createFileBlobStore } from './file.ts'
import { createFileBackend } from './file-backend.ts'
import { memoryDirectory } from './memory-directory.ts'
import { createPackedReader } from './reader.ts'
import { type Clock, systemClock } from './refresher.ts'
import { createPackedStore } from './store.ts'
import { createSystemDisk } from './system-disk.ts'

/** The real disk, with the volume files open for reading. */
function openFilesDisk(): { readonly disk: Disk; readonly open: string[] } {
  const real = createSystemDisk({ directReads: false })
  const open: string[] = []
  const openRead: Disk['openRead'] = async (path) => {
    const file = await real.openRead(path)
    if (file === null || !path.endsWith('.volume')) return file
    open.push(path)
    return {
      ...file,
      async close() {
        open.splice(open.indexOf(path), 1)
        await file.close()
      },
    }
  }
  return { disk: { ...real, openRead }, open }
}

test('blobstore: indexes beyond the memory budget go, the least used first, and come back when asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-evict-'))
  const { disk, open } = openFilesDisk()
  try {
    // One needle a volume; an empty index takes 640 bytes, so that three fit.
    const limits = { extentBytes: 4096, volumeBytesMax: 5_000, indexBytesMax: 2_000 }
    const store = await createFileBlobStore({ folder, writer: 'w', limits, disk })
    const locators: Locator[] = []
    for (let key = 0n; key < 12n; key += 1n)
      locators.push(...(await store.append([{ key, alt: 0, data: new Uint8Array(800).fill(Number(key)) }])))
    assert.equal(new Set(locators.map(({ volume }) => volume)).size, 12)
    const readAll = async () => {
      for (const [key, locator] of locators.entries()) assert.equal((await store.read(BigInt(key), locator)).data[0], key)
    }
    await readAll()
    assert.ok(open.length <= 4, `${open.length} volumes open`)
    // All at once: none is closed while it is read.
    await Promise.all(Array.from({ length: 20 }, readAll))
    assert.ok(open.length <= 4, `${open.length} volumes open`)
    await store.delete(0n, locators[0]?.volume ?? 0)
    await assert.rejects(store.read(0n, locators[0] as Locator), { code: 'MEDIA_ERASED' })
    await store.close()
    assert.deepEqual(open, [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('blobstore: a volume that was compacted meanwhile is opened anew by those who read it, however busy they are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-stale-'))
  const { disk, open } = openFilesDisk()
  try {
    const writer = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 4096, volumeBytesMax: 5_000 } })
    const locators: Locator[] = []
    for (let key = 0n; key < 6n; key += 1n)
      locators.push(...(await writer.append([{ key, alt: 0, data: new Uint8Array(800).fill(Number(key)) }])))
    await writer.close()
    const clock = { ...systemClock, ms: 0, nowMs: () => clock.ms }
    const limits = blobLimits()
    const backend = createFileBackend({ disk, folder, limits, report: () => {} })
    const reader = createPackedReader({ backend, limits, clock })
    const readAll = async () => {
      for (const [key, locator] of locators.entries()) assert.equal((await reader.read(BigInt(key), locator)).data[0], key)
    }
    await readAll()
    assert.equal(open.length, 6)
    for (const { volume } of locators) await compactVolume({ disk, folder, volume }, { clock: systemClock })
    clock.ms += limits.volumeCheckMs
    // Reads go on until the old files are let go: a check that never ended would end the test's time.
    const isLinux = process.platform === 'linux'
    do await Promise.all(Array.from({ length: 20 }, readAll))
    while (isLinux && (await heldWithoutName(folder)).length > 0)
    await reader.close()
    assert.deepEqual(open, [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

/** Of the first volume, before anything is in it. */
const guessed: Locator = { volume: 1, alt: 0, cookie: '00'.repeat(8) }
const notFound = { code: 'BLOB_NOT_FOUND' }

/** A store whose reads wait as long as a test wants before they look again for a volume that was not there. */
async function waitingStore(onCreated = async (_store: Awaited<ReturnType<typeof createPackedStore>>) => {}) {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-search-'))
  const { disk, open } = openFilesDisk()
  const { promise: waiting, resolve: wait } = Promise.withResolvers<void>()
  const { promise: over, resolve: goOn } = Promise.withResolvers<void>()
  const clock: Clock = {
    ...systemClock,
    nowMs: () => 0,
    wait() {
      wait()
      return over
    },
  }
  const limits = blobLimits({ extentBytes: 4096 })
  const report = () => {}
  const files = createFileBackend({ disk, folder, limits, report })
  const backend: typeof files = {
    ...files,
    async create(volume, epoch) {
      const own = await files.create(volume, epoch)
      await onCreated(store)
      return own
    },
  }
  const directory = memoryDirectory()
  const store = await createPackedStore({ backend, directory, placements: directory, writer: 'w', limits, clock, report })
  const append = async () => {
    const [locator] = await store.append([{ key: 1n, alt: 0, data: new Uint8Array(800).fill(1) }])
    assert.equal(locator?.volume, guessed.volume)
    return locator
  }
  async function dispose() {
    goOn()
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { store, open, waiting, goOn, append, dispose }
}

test('blobstore: who waits for a volume when it is made here is given the view of its writer, and no other stays open', async () => {
  const { store, open, waiting, goOn, append, dispose } = await waitingStore()
  try {
    await assert.rejects(store.read(1n, guessed), notFound)
    const early = assert.rejects(store.read(1n, guessed), notFound)
    await waiting
    const locator = await append()
    goOn()
    await early
    assert.equal((await store.read(1n, locator)).data[0], 1)
    assert.equal(open.length, 1)
    // It may go once the volume is sealed.
    await store.seal(guessed.volume)
    await store.reopen(guessed.volume)
    assert.deepEqual(open, [])
  } finally {
    await dispose()
  }
})

test('blobstore: a view that is opened between the making of a volume and the answer to its writer makes room', async () => {
  const { store, open, append, dispose } = await waitingStore(async (store) => {
    await assert.rejects(store.read(1n, guessed), notFound)
    assert.equal(open.length, 2)
  })
  try {
    const locator = await append()
    assert.equal(open.length, 1)
    assert.equal((await store.read(1n, locator)).data[0], 1)
    await store.close()
    assert.deepEqual(open, [])
  } finally {
    await dispose()
  }
})

test('blobstore: a search that ends when all is closed leaves nothing open', async () => {
  const { store, open, waiting, goOn, append, dispose } = await waitingStore()
  try {
    await assert.rejects(store.read(1n, guessed), notFound)
    const early = assert.rejects(store.read(1n, guessed), /closed/)
    await waiting
    await append()
    await store.close()
    goOn()
    await early
    assert.deepEqual(open, [])
  } finally {
    await dispose()
  }
})

async function heldWithoutName(folder: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd')
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(folder) && target.endsWith('(deleted)'))
}
