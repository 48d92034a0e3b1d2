import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { codeOf } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobStore } from '../domain/ports.ts'
import { compactVolume } from './compact.ts'
import type { Disk, WriteFile } from './disk.ts'
import { createError, writeError } from './disk-errors.ts'
import { createFileBlobStore } from './file.ts'
import { type MemoryDirectory, memoryDirectory } from './memory-directory.ts'
import { systemClock } from './refresher.ts'
import { createSpreadDisk } from './spread-disk.ts'
import { createSystemDisk } from './system-disk.ts'
import { openVolumeFolders } from './volume-folders.ts'
import type { BlobReport } from './volume-log.ts'

const VOLUME_BYTES = 20_000
const limits = { extentBytes: 8_192, volumeBytesMax: VOLUME_BYTES, tombstoneAgeMsMax: 0, volumeRefreshMsMin: 0 }

interface World {
  readonly folders: readonly [string, string]
  readonly directory: MemoryDirectory
  readonly free: Map<string, number>
  /** What writes below a folder fail with; EROFS where a file there cannot even be opened to be written. */
  readonly failing: Map<string, string>
  readonly reports: BlobReport[]
  readonly time: { nowMs: number }
  open(): Promise<BlobStore>
  put(store: BlobStore, bytes?: number): Promise<{ readonly key: bigint; readonly locator: Locator }>
  folderOf(volume: number): Promise<string>
}

async function inWorld(run: (world: World) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'darkroom-spread-'))
  const folders = [join(root, 'a'), join(root, 'b')] as const
  const directory = memoryDirectory()
  const free = new Map<string, number>(folders.map((folder, index) => [folder, 1_000 - index]))
  const failing = new Map<string, string>()
  const reports: BlobReport[] = []
  const report = (one: BlobReport) => void reports.push(one)
  const time = { nowMs: 0 }
  const opened: BlobStore[] = []
  let keys = 0n
  const codeAt = (path: string) => failing.get(folders.find((one) => path.startsWith(one)) ?? '')
  const fail = (path: string, errorOf = writeError) => {
    const code = codeAt(path)
    if (code !== undefined) throw errorOf(code, 'injected')
  }
  function failingDisk(): Disk {
    const disk = createSystemDisk({ directReads: false })
    return {
      ...disk,
      freeBytes: async (path) => free.get(dirname(path)) ?? 0,
      async create(path, head, bytesTotal) {
        fail(path, createError)
        await disk.create(path, head, bytesTotal)
      },
      async openWrite(path): Promise<WriteFile> {
        if (codeAt(path) === 'EROFS') fail(path)
        const file = await disk.openWrite(path)
        return {
          ...file,
          async write(offset, bytes) {
            fail(path)
            await file.write(offset, bytes)
          },
          async cut(length) {
            fail(path)
            await file.cut(length)
          },
        }
      },
    }
  }
  try {
    await run({
      folders,
      directory,
      free,
      failing,
      reports,
      time,
      async open() {
        const { folders: present, missing } = openVolumeFolders(folders)
        const disk = createSpreadDisk({
          disk: failingDisk(),
          folders: present,
          missing,
          freeBytesMin: 100,
          restMs: 60_000,
          nowMs: () => time.nowMs,
        })
        const store = await createFileBlobStore({ folder: root, disk, directory, placements: directory, writer: 'w', limits, report })
        opened.push(store)
        return store
      },
      async put(store, bytes = 100) {
        keys += 1n
        const [locator] = await store.append([{ key: keys, alt: 1, data: new Uint8Array(bytes).fill(Number(keys)) }])
        assert.ok(locator)
        return { key: keys, locator }
      },
      async folderOf(volume) {
        const found: string[] = []
        for (const folder of folders) {
          const names = await readdir(folder).catch((): string[] => [])
          if (names.includes(`${volume}.volume`)) found.push(folder)
        }
        assert.equal(found.length, 1)
        return found[0] ?? ''
      },
    })
  } finally {
    await Promise.allSettled(opened.map((store) => store.close()))
    await rm(root, { recursive: true, force: true })
  }
}

const assertRead = async (store: BlobStore, { key, locator }: { readonly key: bigint; readonly locator: Locator }) =>
  assert.equal((await store.read(key, locator)).data[0], Number(key))

test('spread disk: a new volume goes where there is most space, what belongs to it lies beside it, and a restart finds it', () =>
  inWorld(async ({ folders: [a, b], free, open, put, folderOf }) => {
    const store = await open()
    const first = await put(store, 19_000)
    free.set(a, 500)
    const second = await put(store, 19_000)
    assert.deepEqual([await folderOf(first.locator.volume), await folderOf(second.locator.volume)], [a, b])
    await store.delete(first.key, first.locator.volume)
    await store.close()
    assert.ok((await readdir(a)).includes(`${first.locator.volume}.tombstones`))
    const again = await open()
    await assertRead(again, second)
    await assert.rejects(again.read(first.key, first.locator), (error) => codeOf(error) === 'MEDIA_ERASED')
  }))

for (const code of ['ENOSPC', 'EIO']) {
  test(`spread disk: when a disk answers writes with ${code}, writes go on elsewhere, and it is used again later`, () =>
    inWorld(async ({ folders: [a, b], failing, free, time, open, put, folderOf }) => {
      const store = await open()
      const first = await put(store)
      assert.equal(await folderOf(first.locator.volume), a)
      failing.set(a, code)
      const second = await put(store)
      assert.equal(await folderOf(second.locator.volume), b)
      for (const one of [first, second]) await assertRead(store, one)
      free.set(b, 50)
      const third = await put(store, 19_990)
      assert.equal(await folderOf(third.locator.volume), b)
      failing.clear()
      time.nowMs += 60_001
      const fourth = await put(store, 19_990)
      assert.equal(await folderOf(fourth.locator.volume), a)
      for (const one of [first, second, third, fourth]) await assertRead(store, one)
    }))
}

test('spread disk: a disk that is not mounted makes its volumes unavailable, not absent; the others are read and written', () =>
  inWorld(async ({ folders: [a, b], free, open, put, folderOf }) => {
    const store = await open()
    const first = await put(store)
    free.set(a, 500)
    await put(store, 19_950)
    const second = await put(store)
    assert.deepEqual([await folderOf(first.locator.volume), await folderOf(second.locator.volume)], [a, b])
    await store.close()
    await rename(a, `${a}.unmounted`)
    await mkdir(a)
    free.set(a, 5_000)
    const { folders, missing, leftOut } = openVolumeFolders([a, b])
    assert.deepEqual([folders, missing.length, leftOut], [[b], 1, [a]])
    const without = await open()
    await assertRead(without, second)
    await assert.rejects(without.read(first.key, first.locator), (error) => codeOf(error) === 'STORAGE_UNAVAILABLE')
    const third = await put(without, 19_950)
    assert.equal(await folderOf(third.locator.volume), b)
    await without.close()
    await rm(a, { recursive: true })
    await rename(`${a}.unmounted`, a)
    const back = await open()
    for (const one of [first, second, third]) await assertRead(back, one)
  }))

for (const code of ['EROFS', 'EIO']) {
  test(`spread disk: a start goes on elsewhere when the disk of the open volume answers with ${code}, and leaves the volume as it is`, () =>
    inWorld(async ({ folders: [a, b], directory, failing, reports, open, put, folderOf }) => {
      const first = await put(await open())
      const { volume } = first.locator
      const path = join(a, `${volume}.volume`)
      const bytes = await readFile(path)
      failing.set(a, code)
      const again = await open()
      assert.deepEqual(
        reports.map(({ kind, volume: of }) => [kind, of]),
        [['recovery failed', volume]],
      )
      const second = await put(again)
      assert.equal(await folderOf(second.locator.volume), b)
      for (const one of [first, second]) await assertRead(again, one)
      // The first writer may lay zeros ahead still.
      const after = await readFile(path)
      assert.deepEqual([after.subarray(0, bytes.length), after.subarray(bytes.length).some((byte) => byte !== 0)], [bytes, false])
      assert.deepEqual([(await directory.volume(volume))?.state, directory.sealed.size], ['open', 0])
      failing.clear()
      const back = await open()
      for (const one of [first, second]) await assertRead(back, one)
      assert.ok((directory.sealed.get(volume) ?? 0) > 0, 'what is in it counts')
    }))
}

test('spread disk: what a creation that was broken off left behind is removed, whichever disk it was on', () =>
  inWorld(async ({ folders, directory, open }) => {
    await (await open()).close()
    for (const folder of folders) {
      const { volume } = await directory.allot('w')
      await writeFile(join(folder, `${volume}.volume.new`), new Uint8Array(8_192))
    }
    await open()
    for (const folder of folders) assert.deepEqual(await readdir(folder), ['folder.json'])
    assert.deepEqual([...directory.sealed.values()], [0, 0])
  }))

test('spread disk: a volume is compacted on its own disk', () =>
  inWorld(async ({ folders: [a, b], free, open, put, folderOf }) => {
    const store = await open()
    const [first, second] = [await put(store, 6_000), await put(store, 6_000)]
    await put(store, 9_000)
    await store.delete(first.key, first.locator.volume)
    await store.close()
    free.set(b, 9_000)
    const { folders, missing } = openVolumeFolders([a, b])
    const disk = createSpreadDisk({
      disk: createSystemDisk({ directReads: false }),
      folders,
      missing,
      freeBytesMin: 0,
      restMs: 0,
      nowMs: () => 0,
    })
    const { kept, dropped } = await compactVolume({ disk, folder: '', volume: first.locator.volume }, { clock: systemClock })
    await disk.close()
    assert.deepEqual([kept, dropped], [1, 1])
    assert.equal(await folderOf(first.locator.volume), a)
    await assertRead(await open(), second)
  }))
