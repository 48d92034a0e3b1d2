import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Locator } from '../domain/media.ts'
import type { Disk } from './disk.ts'
import { createFileBlobStore } from './file.ts'
import { decodeSnapshot, encodeSnapshot } from './index-snapshot.ts'
import { NeedleIndex } from './needle-index.ts'
import { createSystemDisk } from './system-disk.ts'

const superblock = { volume: 7, epoch: 3, uuid: Uint8Array.from({ length: 16 }, (_, at) => at * 11) }
const state = { offset: 8192, lastBatch: 12, epochMax: 4 }

function indexOf(count: number): NeedleIndex {
  const index = new NeedleIndex()
  for (let key = 1; key <= count; key += 1) index.add(BigInt(key), 0, key * 80, 80)
  return index
}

test('index snapshot: what was taken is what is loaded, and it goes on growing', () => {
  const loaded = decodeSnapshot(superblock, encodeSnapshot(superblock, state, indexOf(1000)))
  assert.ok(loaded)
  assert.deepEqual(loaded.state, state)
  for (let key = 1001; key <= 3000; key += 1) loaded.index.add(BigInt(key), 0, key * 80, 80)
  assert.equal(loaded.index.count, 3000)
  for (const key of [1, 999, 1001, 3000]) assert.equal(loaded.index.find(BigInt(key), 0)[0]?.offset, key * 80)
})

test('index snapshot: one of another volume or epoch, or with any bit flipped, is not taken', () => {
  const bytes = encodeSnapshot(superblock, state, indexOf(3))
  assert.equal(decodeSnapshot({ ...superblock, epoch: 4 }, bytes), null)
  assert.equal(decodeSnapshot({ ...superblock, uuid: new Uint8Array(16) }, bytes), null)
  for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
    const harmed = bytes.slice()
    harmed[bit >>> 3] = (harmed[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    assert.equal(decodeSnapshot(superblock, harmed), null, `bit ${bit}`)
  }
})

/** The real disk, counting the bytes read of volumes. */
function countingDisk(): { readonly disk: Disk; readonly counted: { bytes: number } } {
  const real = createSystemDisk({ directReads: false })
  const counted = { bytes: 0 }
  const openRead: Disk['openRead'] = async (path) => {
    const file = await real.openRead(path)
    if (file === null || !path.endsWith('.volume')) return file
    return {
      ...file,
      async read(offset, length) {
        const bytes = await file.read(offset, length)
        counted.bytes += bytes.byteLength
        return bytes
      },
    }
  }
  return { disk: { ...real, openRead }, counted }
}

test('index snapshot: a start reads the snapshot and the tail; without it, or over a volume put back, it scans', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-snapshot-'))
  const limits = { extentBytes: 4096 }
  try {
    const locators: Locator[] = []
    const open = (disk?: Disk) => createFileBlobStore({ folder, writer: 'w', limits, ...(disk === undefined ? {} : { disk }) })
    const readsAll = async (disk?: Disk) => {
      const store = await open(disk)
      for (const [key, locator] of locators.entries()) assert.equal((await store.read(BigInt(key), locator)).data.byteLength, 10_000)
      await store.close()
    }
    const append = async (count: number) => {
      const store = await open()
      for (let turn = 0; turn < count; turn += 1) {
        locators.push(...(await store.append([{ key: BigInt(locators.length), alt: 0, data: new Uint8Array(10_000) }])))
      }
      await store.close()
    }
    await append(100)
    await copyFile(join(folder, '1.volume'), join(folder, 'earlier'))
    const early = locators.slice()
    await append(10)
    const counting = countingDisk()
    const store = await open(counting.disk)
    // The superblock, the mark, and a window of what follows: nothing of the megabyte before.
    assert.ok(counting.counted.bytes < 300_000, `${counting.counted.bytes} bytes`)
    await store.close()
    await readsAll()
    const snapshot = await readFile(join(folder, '1.index'))
    await rm(join(folder, '1.index'))
    await readsAll()
    await writeFile(join(folder, '1.index'), snapshot)
    await copyFile(join(folder, 'earlier'), join(folder, '1.volume'))
    locators.splice(0, locators.length, ...early)
    await readsAll()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
