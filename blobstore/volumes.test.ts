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
import { createPackedReader } from './reader.ts'
import { systemClock } from './refresher.ts'
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

async function heldWithoutName(folder: string): Promise<string[]> {
  const names = await readdir('/proc/self/fd')
  const targets = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(folder) && target.endsWith('(deleted)'))
}
