import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Locator } from '../domain/media.ts'
import type { Disk } from './disk.ts'
import { createFileBlobStore } from './file.ts'
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
