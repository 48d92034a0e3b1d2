import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { link, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { Disk, WriteFile } from './disk.ts'
import { writeError } from './disk-errors.ts'
import { createFileBlobReader, createFileBlobStore } from './file.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { memoryDirectory } from './memory-directory.ts'
import { createSystemDisk } from './system-disk.ts'
import type { BlobReport } from './volume-log.ts'

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-file-'))
  try {
    await run(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The real disk, with a hook before each write of a commit. */
function watchedDisk(beforeWrite: (bytes: Uint8Array, path: string) => Promise<void>): Disk {
  const disk = createSystemDisk({ directReads: false })
  return {
    ...disk,
    async openWrite(path): Promise<WriteFile> {
      const file = await disk.openWrite(path)
      return {
        ...file,
        async write(offset, bytes) {
          await beforeWrite(bytes, path)
          await file.write(offset, bytes)
        },
      }
    },
  }
}

const limits = { extentBytes: 256 * 1024 }
const append = (store: Awaited<ReturnType<typeof createFileBlobStore>>, key: bigint, data: Uint8Array) =>
  store.append([{ key, alt: 1, data }]).then(([locator]) => locator as Locator)

test('blobstore file: appends that meet a busy disk leave in one commit', () =>
  inFolder(async (folder) => {
    const commits: number[] = []
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const disk = watchedDisk(async (bytes) => {
      commits.push(bytes.byteLength)
      if (commits.length === 1) await held
    })
    const store = await createFileBlobStore({ folder, writer: 'w', limits, disk })
    const first = append(store, 1n, new Uint8Array(10))
    while (commits.length === 0) await new Promise(setImmediate)
    const rest = Array.from({ length: 50 }, (_, index) => append(store, BigInt(index + 2), new Uint8Array(100)))
    // Placements are awaited first: let all fifty reach the volume.
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate)
    release()
    await Promise.all([first, ...rest])
    assert.equal(commits.length, 2)
    await store.close()
  }))

for (const errno of ['EIO', 'ENOSPC']) {
  test(`blobstore file: after ${errno} the volume is never written again, and the batch goes to the next one`, () =>
    inFolder(async (folder) => {
      const directory = memoryDirectory()
      const reports: BlobReport[] = []
      let fail = false
      const holding: (() => void)[] = []
      const disk = watchedDisk(async () => {
        if (!fail) return
        await new Promise<void>((resolve) => holding.push(resolve))
        fail = false
        throw writeError(errno, 'injected')
      })
      const report = (one: BlobReport) => void reports.push(one)
      const store = await createFileBlobStore({ folder, writer: 'w', limits, disk, directory, placements: directory, report })
      const before = await append(store, 1n, new Uint8Array([1]))
      fail = true
      const failed = append(store, 2n, new Uint8Array([2]))
      while (holding.length === 0) await new Promise(setImmediate)
      // Waiting behind the commit that fails.
      const waiting = append(store, 3n, new Uint8Array([3]))
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate)
      holding[0]?.()
      const moved = [await failed, await waiting]
      assert.deepEqual(
        [before, ...moved].map(({ volume }) => volume),
        [1, 2, 2],
      )
      for (const [index, locator] of [before, ...moved].entries())
        assert.deepEqual([...(await store.read(BigInt(index + 1), locator)).data], [index + 1])
      await store.close()
      assert.ok(directory.sealed.has(1) && !directory.sealed.has(2))
      assert.ok(reports.some(({ kind, volume }) => kind === 'volume fenced' && volume === 1))
    }))
}

test('blobstore file: of two commits on their way, that fail, both go to the next volume', () =>
  inFolder(async (folder) => {
    const directory = memoryDirectory()
    let volumeFails = false
    const held: (() => void)[] = []
    const disk = watchedDisk(async (_, path) => {
      if (!volumeFails || !path.endsWith('/1.volume')) return
      await new Promise<void>((resolve) => held.push(resolve))
      throw writeError('EIO', 'injected')
    })
    const store = await createFileBlobStore({
      folder,
      writer: 'w',
      limits: { ...limits, commitBytesMax: 8192 },
      disk,
      directory,
      placements: directory,
    })
    await append(store, 1n, new Uint8Array(10))
    volumeFails = true
    const appends = Array.from({ length: 9 }, (_, index) => append(store, BigInt(index + 2), new Uint8Array(3000)))
    while (held.length < 2) await new Promise(setImmediate)
    for (const release of held) release()
    for (const [index, locator] of (await Promise.all(appends)).entries()) {
      assert.equal(locator.volume, 2)
      assert.equal((await store.read(BigInt(index + 2), locator)).data.byteLength, 3000)
    }
    await store.close()
  }))

test('blobstore file: a volume is written into zeros laid down ahead, and gives them back when sealed', () =>
  inFolder(async (folder) => {
    const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 1024 * 1024, volumeBytesMax: 3 * 1024 * 1024 } })
    const first = await append(store, 1n, new Uint8Array(1000))
    const path = join(folder, `${first.volume}.volume`)
    assert.equal((await stat(path)).size, 1024 * 1024)
    let last = first
    for (let key = 2n; last.volume === first.volume; key += 1n) last = await append(store, key, new Uint8Array(randomBytes(100_000)))
    await store.close()
    const size = (await stat(path)).size
    assert.ok(size > 2.8 * 1024 * 1024 && size <= 3 * 1024 * 1024 + 200, `${size} bytes`)
  }))

test('blobstore file: zeros laid down ahead never cover what is written after they were asked for', () =>
  inFolder(async (folder) => {
    const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 256 * 1024, commitBytesMax: 512 * 1024 } })
    const written = new Map<bigint, { data: Uint8Array; locator: Locator }>()
    await Promise.all(
      Array.from({ length: 6 }, async (_, lane) => {
        for (let turn = 0; turn < 12; turn += 1) {
          const key = BigInt(lane * 100 + turn)
          const data = new Uint8Array(randomBytes(60_000 + lane * 20_000))
          written.set(key, { data, locator: await append(store, key, data) })
        }
      }),
    )
    const stopped = await createFileBlobStore({ folder, writer: 'w', limits })
    for (const one of [store, stopped]) {
      for (const [key, { data, locator }] of written) assert.equal(Buffer.compare((await one.read(key, locator)).data, data), 0)
      await one.close()
    }
  }))

test('blobstore file: reads past the page cache give the same bytes at any offset and length', () =>
  inFolder(async (folder) => {
    const store = await createFileBlobStore({ folder, writer: 'w', limits, directReads: true })
    const reader = createFileBlobReader({ folder, directReads: true, limits: { volumeRefreshMsMin: 0 } })
    const lengths = [0, 1, 4095, 4096, 65_536, 100_001, 1_048_576, 2_000_000]
    for (const [key, length] of lengths.entries()) {
      const data = new Uint8Array(randomBytes(length))
      const locator = await append(store, BigInt(key), data)
      for (const one of [store, reader]) assert.equal(Buffer.compare((await one.read(BigInt(key), locator)).data, data), 0)
    }
    await reader.close()
    await store.close()
  }))

test('blobstore file: what is lent past the page cache is read from memory that is used again, and loans that stay away end nothing', () =>
  inFolder(async (folder) => {
    const store = await createFileBlobStore({ folder, writer: 'w', limits, directReads: true })
    const known = await Promise.all(
      Array.from({ length: 80 }, async (_, key) => {
        const data = new Uint8Array(randomBytes(5_000))
        return { key: BigInt(key), data, locator: await append(store, BigInt(key), data) }
      }),
    )
    const lent = await Promise.all(known.map(async ({ key, locator }) => await store.read(key, locator, { lend: true })))
    for (const [at, { data }] of lent.entries()) assert.deepEqual(new Uint8Array(data), known[at]?.data)
    const lentMemory = new Set(lent.map(({ data }) => data.buffer))
    assert.ok(lentMemory.size > 1, 'some were copied')
    for (const { release } of lent.slice(0, 20)) {
      release?.()
      release?.()
    }
    for (const { key, locator, data } of known) {
      const again = await store.read(key, locator, { lend: true })
      assert.deepEqual(new Uint8Array(again.data), data)
      assert.ok(again.release && lentMemory.has(again.data.buffer), 'no more memory is taken')
      again.release()
    }
    // Those that were not released hold what they held.
    for (const [at, { data }] of lent.entries()) if (at >= 20) assert.deepEqual(new Uint8Array(data), known[at]?.data)
    await store.close()
  }))

test('blobstore file: a folder keeps its own directory, and a restarted writer its volume', () =>
  inFolder(async (folder) => {
    const first = await createFileBlobStore({ folder, writer: 'w', limits })
    const a = await append(first, 1n, new Uint8Array([1]))
    await first.close()
    const second = await createFileBlobStore({ folder, writer: 'w', limits })
    const b = await append(second, 2n, new Uint8Array([2]))
    const other = await createFileBlobStore({ folder, writer: 'other', limits })
    const c = await append(other, 3n, new Uint8Array([3]))
    assert.equal(b.volume, a.volume)
    assert.notEqual(c.volume, a.volume)
    for (const [key, locator] of [
      [1n, a],
      [2n, b],
      [3n, c],
    ] as const) {
      for (const store of [second, other]) assert.deepEqual([...(await store.read(key, locator)).data], [Number(key)])
    }
    await other.close()
    await second.close()
  }))

test('blobstore file: a volume of a later format is refused by name and not written, and its writer goes on in another', () =>
  inFolder(async (folder) => {
    const directory = memoryDirectory()
    const reports: BlobReport[] = []
    const report = (one: BlobReport) => void reports.push(one)
    const { volume } = await directory.allot('w')
    const bytes = new Uint8Array(8192)
    bytes.set(Buffer.from('894452564f4c0d0a0200', 'hex'))
    await writeFile(join(folder, `${volume}.volume`), bytes)
    const store = await createFileBlobStore({ folder, writer: 'w', directory, placements: directory, limits, report })
    const isUnknown = (error: unknown) => error instanceof MediaError && error.code === 'VOLUME_UNKNOWN_FORMAT'
    assert.ok(reports.some((one) => one.kind === 'recovery failed' && one.volume === volume && isUnknown(one.error)))
    await assert.rejects(store.read(1n, { volume, alt: 1, cookie: '0123456789abcdef' }), isUnknown)
    assert.notEqual((await append(store, 2n, new Uint8Array([2]))).volume, volume)
    assert.deepEqual(new Uint8Array(await readFile(join(folder, `${volume}.volume`))), bytes)
    assert.equal(directory.sealed.size, 0)
    await store.close()
  }))

test('blobstore file: a start goes on when a volume of before cannot be sealed, which stays open and is read', () =>
  inFolder(async (folder) => {
    const directory = memoryDirectory()
    const reports: BlobReport[] = []
    const report = (one: BlobReport) => void reports.push(one)
    const stopped = await createFileBlobStore({ folder, writer: 'w', limits, directory, placements: directory })
    const first = await append(stopped, 1n, new Uint8Array([1]))
    const disk = watchedDisk(async (_, path) => {
      if (path.endsWith(`/${first.volume}.volume`)) throw writeError('EIO', 'injected')
    })
    const full = { ...limits, volumeBytesMax: SUPERBLOCK_BYTES }
    const store = await createFileBlobStore({ folder, writer: 'w', limits: full, disk, directory, placements: directory, report })
    assert.deepEqual(
      reports.map(({ kind, volume }) => [kind, volume]),
      [['recovery failed', first.volume]],
    )
    const second = await append(store, 2n, new Uint8Array([2]))
    assert.notEqual(second.volume, first.volume)
    for (const [key, locator] of [
      [1n, first],
      [2n, second],
    ] as const)
      assert.deepEqual([...(await store.read(key, locator)).data], [Number(key)])
    assert.equal(directory.sealed.size, 0)
    await store.close()
    await stopped.close()
  }))

test('blobstore file: a start removes what creations that were broken off left behind, before their volumes had a name and after', () =>
  inFolder(async (folder) => {
    const directory = memoryDirectory()
    const open = () => createFileBlobStore({ folder, writer: 'w', limits, directory, placements: directory })
    const stopped = await open()
    const first = await append(stopped, 1n, new Uint8Array([1]))
    await stopped.close()
    const path = join(folder, `${first.volume}.volume`)
    await link(path, `${path}.new`)
    const { volume: missing } = await directory.allot('w')
    await writeFile(join(folder, `${missing}.volume.new`), new Uint8Array(8192))
    const store = await open()
    assert.deepEqual(
      (await readdir(folder)).filter((name) => name.endsWith('.new')),
      [],
    )
    assert.equal((await stat(path)).nlink, 1)
    assert.deepEqual([...directory.sealed], [[missing, 0]])
    assert.deepEqual([...(await store.read(1n, first)).data], [1])
    await store.close()
  }))

test('blobstore file: a start fails while the directory does not answer', () =>
  inFolder(async (folder) => {
    const directory = memoryDirectory()
    await directory.allot('w')
    directory.seal = async () => {
      throw new MediaError('CATALOG_UNAVAILABLE')
    }
    await assert.rejects(createFileBlobStore({ folder, writer: 'w', directory, placements: directory, limits }), {
      code: 'CATALOG_UNAVAILABLE',
    })
  }))

test('blobstore file: bytes that changed under an open volume are told as corrupt, lent or not, and their memory comes back', () =>
  inFolder(async (folder) => {
    const store = await createFileBlobStore({ folder, writer: 'w', limits })
    const data = new Uint8Array(randomBytes(10_000))
    const locator = await append(store, 1n, data)
    const file = await open(join(folder, `${locator.volume}.volume`), 'r+')
    const [record, cookieAt] = [4096, 24]
    const [header, body, footer] = [record + cookieAt, record + 5_000, record + 56 + data.byteLength]
    for (const at of [header, body, footer]) {
      const sound = (await file.read(new Uint8Array(1), 0, 1, at)).buffer
      await file.write(
        sound.map((byte) => byte ^ 1),
        0,
        1,
        at,
      )
      // More than there is memory to lend.
      for (let turn = 0; turn < 100; turn += 1)
        await assert.rejects(store.read(1n, locator, { lend: turn % 2 === 0 }), { code: 'BLOB_CORRUPT' }, `byte ${at}`)
      await file.write(sound, 0, 1, at)
      const { data: again, release } = await store.read(1n, locator, { lend: true })
      assert.equal(Buffer.compare(again, data), 0)
      release?.()
    }
    await assert.rejects(store.read(1n, { ...locator, cookie: '0123456789abcdef' }, { lend: true }), { code: 'BLOB_NOT_FOUND' })
    await file.close()
    await store.close()
  }))
