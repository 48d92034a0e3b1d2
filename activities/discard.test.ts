import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFileBlobReader, createFileBlobStore } from '../blobstore/file.ts'
import { SUPERBLOCK_BYTES } from '../blobstore/layout.ts'
import { codeOf, type ErrorCode, isRetryable, MediaError } from '../domain/errors.ts'
import { keyOf, type MediaId } from '../domain/ids.ts'
import { captionsKey, type Locator, originalKey, remuxedKey } from '../domain/media.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import { discard, type DiscardDeps } from './discard.ts'

const mediaId = '01kq8z4v7g0j0' as MediaId
const key = keyOf(mediaId)

/** An item with an original, a copy of it, captions, and needles in the volumes named. */
async function item(blobs: DiscardDeps['blobs'], volumes: readonly number[]) {
  const objects = createMemoryObjectStore()
  for (const name of [originalKey(mediaId), remuxedKey(mediaId), captionsKey(mediaId, 'en', 'given')])
    await objects.put(name, Buffer.from('what a camera wrote'))
  let placed = [...volumes]
  const forgotten: string[] = []
  const catalog = {
    setStage: async () => {},
    placements: async () => [...placed],
    forgetPlacements: async (_id: MediaId, gone: readonly number[]) => {
      placed = placed.filter((volume) => !gone.includes(volume))
    },
    forgetCheckpoints: async () => void forgotten.push('checkpoints'),
    forgetVariants: async () => void forgotten.push('variants'),
  }
  const deps = { catalog, objects, blobs } as unknown as DiscardDeps
  const left = async () => {
    const names: string[] = []
    for await (const { key: name } of objects.list('')) names.push(name)
    return names
  }
  return { discarding: () => discard(deps)({ mediaId }), left, forgotten, placed: () => placed }
}

test('discard: a volume that does not open keeps nothing else of an item, is named, and is done once it is mended', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'discard-'))
  const store = await createFileBlobStore({ folder, writer: 'w', limits: { extentBytes: 4096 } })
  const locators: Locator[] = []
  for (const alt of [1, 2, 3]) {
    locators.push(...(await store.append([{ key, alt, data: new Uint8Array(100) }])))
    await store.seal(alt)
  }
  await store.close()
  const path = join(folder, '1.volume')
  const sound = await readFile(path)
  await writeFile(path, Buffer.from(sound).fill(0xff, 0, SUPERBLOCK_BYTES))
  const eraser = createFileBlobReader({ folder })
  const origin = createFileBlobReader({ folder })
  const told = async () => await Promise.all(locators.map((locator) => origin.read(key, locator).catch(codeOf)))
  try {
    const { discarding, left, forgotten, placed } = await item(eraser, [1, 2, 3])
    const failure: unknown = await discarding().catch((error: unknown) => error)
    assert.deepEqual(await told(), ['BLOB_CORRUPT', 'MEDIA_ERASED', 'MEDIA_ERASED'])
    assert.deepEqual([await left(), forgotten, placed()], [[], ['checkpoints', 'variants'], [1]])
    assert.ok(failure instanceof MediaError && isRetryable(failure))
    assert.equal(failure.code, 'VOLUME_BROKEN')
    assert.match(failure.message, /^Volumes that need an operator: 1 \(BLOB_CORRUPT\)\. Repair them/)

    await assert.rejects(discarding(), { code: 'VOLUME_BROKEN' })
    await writeFile(path, sound)
    await discarding()
    assert.deepEqual(await told(), ['MEDIA_ERASED', 'MEDIA_ERASED', 'MEDIA_ERASED'])
    assert.deepEqual(placed(), [])
  } finally {
    await eraser.close()
    await origin.close()
    await rm(folder, { recursive: true })
  }
})

test('discard: what passes by itself is told as what it is, after what needs an operator, and neither keeps the others waiting', async () => {
  const errors = new Map<number, ErrorCode>([
    [1, 'STORAGE_UNAVAILABLE'],
    [2, 'VOLUME_UNKNOWN_FORMAT'],
  ])
  const asked: number[] = []
  const blobs: DiscardDeps['blobs'] = {
    delete: async (_key, volume) => {
      asked.push(volume)
      const code = errors.get(volume)
      if (code !== undefined) throw new MediaError(code)
    },
  }
  const { discarding, left, placed } = await item(blobs, [1, 2, 3])
  await assert.rejects(discarding(), { code: 'VOLUME_BROKEN', message: /operator: 2 \(VOLUME_UNKNOWN_FORMAT\)\./ })
  assert.deepEqual([asked, await left(), placed()], [[1, 2, 3], [], [1, 2]])
  errors.delete(2)
  await assert.rejects(discarding(), { code: 'STORAGE_UNAVAILABLE' })
  assert.deepEqual(placed(), [1])
  errors.clear()
  await discarding()
  assert.deepEqual([asked, placed()], [[1, 2, 3, 1, 2, 1], []])
})
