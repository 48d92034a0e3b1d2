/** Files that an early release wrote, kept byte for byte: every later one reads them, and would write the same. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFileBlobReader } from '../../blobstore/file.ts'
import { decodeSnapshot, encodeSnapshot } from '../../blobstore/index-snapshot.ts'
import { checkBody, decodeHeader, encodeRecord, seedOf } from '../../blobstore/needle.ts'
import { createObjectBlobReader } from '../../blobstore/object.ts'
import type { BlobReader } from '../../blobstore/reader.ts'
import { decodeSuperblock, encodeSuperblock } from '../../blobstore/superblock.ts'
import { recordBytes, SUPERBLOCK_BYTES } from '../../blobstore/layout.ts'
import { decodeTombstones, encodeTombstone } from '../../blobstore/tombstone.ts'
import { MediaError } from '../../domain/errors.ts'
import type { Locator } from '../../domain/media.ts'
import { createMemoryObjectStore } from '../../objects/memory.ts'

const folder = join(import.meta.dirname, 'volume-1')

interface Kept {
  readonly key: string
  readonly bytes: number
  readonly locator: Locator
  readonly erased?: true
}

const kept = JSON.parse(await readFile(join(folder, 'needles.json'), 'utf8')) as Record<'files' | 'objects', readonly Kept[]>
const fileOf = async (name: string) => new Uint8Array(await readFile(join(folder, 'files', name)))
const dataOf = (bytes: number) => new Uint8Array(bytes).map((_, at) => (at * 7 + bytes) & 255)

async function readsAll(reader: BlobReader, needles: readonly Kept[]): Promise<void> {
  for (const { key, bytes, locator, erased } of needles) {
    const read = reader.read(BigInt(key), locator)
    if (erased) await assert.rejects(read, (error: unknown) => error instanceof MediaError && error.code === 'MEDIA_ERASED')
    else assert.deepEqual(new Uint8Array((await read).data), dataOf(bytes))
  }
  await reader.close()
}

test('volume format 1: kept volume files are read, erased needles refused', async () => {
  await readsAll(createFileBlobReader({ folder: join(folder, 'files') }), kept.files)
})

test('volume format 1: kept packs and tombstones on objects are read', async () => {
  const objects = createMemoryObjectStore()
  const root = join(folder, 'objects')
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    await objects.put(path.slice(root.length + 1), await readFile(path))
  }
  await readsAll(createObjectBlobReader({ objects }), kept.objects)
})

test('volume format 1: superblock, records and tombstones of the kept files are written the same today', async () => {
  const volume = await fileOf('1.volume')
  const superblock = decodeSuperblock(volume.subarray(0, SUPERBLOCK_BYTES))
  assert.deepEqual(encodeSuperblock(superblock), volume.subarray(0, SUPERBLOCK_BYTES))
  const seed = seedOf(superblock.uuid)
  const types: string[] = []
  for (let at = SUPERBLOCK_BYTES; at < volume.byteLength; ) {
    const header = decodeHeader(volume, at, seed)
    assert.ok(header !== null && header !== 'unknown', `a record at ${at}`)
    const body = checkBody(volume, at, header.length)
    assert.ok(body)
    const again = new Uint8Array(recordBytes(header.length))
    encodeRecord(again, 0, seed, header, body.data)
    assert.deepEqual(again, volume.subarray(at, at + again.byteLength))
    types.push(header.type)
    at += again.byteLength
  }
  assert.deepEqual(types, [...kept.files.map(() => 'needle'), 'mark'])
  const tombstones = await fileOf('1.tombstones')
  const [key = 0n] = decodeTombstones(superblock, tombstones).keys
  assert.deepEqual(encodeTombstone(superblock, key), tombstones)
})

test('volume format 1: the kept index snapshot is taken, finds every needle, and is written the same today', async () => {
  const volume = await fileOf('1.volume')
  const superblock = decodeSuperblock(volume.subarray(0, SUPERBLOCK_BYTES))
  const bytes = await fileOf('1.index')
  const snapshot = decodeSnapshot(superblock, bytes)
  assert.ok(snapshot)
  assert.equal(snapshot.state.offset, volume.byteLength)
  for (const { key, locator } of kept.files) {
    assert.ok([...snapshot.index.find(BigInt(key), locator.alt)].some(({ offset }) => offset >= SUPERBLOCK_BYTES))
  }
  assert.deepEqual(encodeSnapshot(superblock, snapshot.state, snapshot.index), bytes)
})

test('volume format 1: a volume and a snapshot of version 2 are refused, whatever their checksums', async () => {
  const volume = await fileOf('1.volume')
  const superblock = decodeSuperblock(volume.subarray(0, SUPERBLOCK_BYTES))
  const later = volume.slice(0, SUPERBLOCK_BYTES)
  for (const half of [0, SUPERBLOCK_BYTES / 2]) later[half + 8] = 2
  assert.throws(() => decodeSuperblock(later), { code: 'VOLUME_UNKNOWN_FORMAT' })
  const snapshot = await fileOf('1.index')
  snapshot[8] = 2
  assert.equal(decodeSnapshot(superblock, snapshot), null, 'a snapshot is a copy: the volume is scanned instead')
})
