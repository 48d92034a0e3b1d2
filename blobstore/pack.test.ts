import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NeedleIndex } from './needle-index.ts'
import { seedOf } from './needle.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import { objectHarness } from '../tests/contract/blobstore-harness.ts'
import { decodePackIndex, encodePack } from './pack.ts'
import { scan } from './scan.ts'
import { decodeSuperblock } from './superblock.ts'

const superblock = { volume: 1, epoch: 1, uuid: new Uint8Array(16).fill(9) }
const index = { base: 4096, lastBatch: 1, epoch: 1, entries: [{ key: 2n ** 63n, alt: 5, offset: 4096, bytes: 80 }] }

test('pack: its index is read from its last bytes', () => {
  const pack = encodePack(superblock, new Uint8Array(80), index)
  assert.deepEqual(decodePackIndex(superblock, pack), index)
  assert.deepEqual(decodePackIndex(superblock, pack.subarray(80)), index)
  assert.deepEqual(decodePackIndex(superblock, pack.subarray(100)), { more: pack.byteLength - 80 })
})

test('pack: each flipped bit of the index is detected', () => {
  const pack = encodePack(superblock, new Uint8Array(0), index)
  for (let bit = 0; bit < pack.byteLength * 8; bit += 1) {
    const flipped = pack.slice()
    flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    const found = decodePackIndex(superblock, flipped)
    assert.ok(found === null || 'more' in found, `bit ${bit}`)
  }
})

test('pack: a superblock and its packs, one after another, are a volume', async () => {
  const harness = await objectHarness(createMemoryObjectStore())
  const store = await harness.open()
  for (let key = 1n; key <= 5n; key += 1n) await store.append([{ key, alt: 0, data: new Uint8Array(Number(key) * 10) }])
  await store.close()
  const volume = new Uint8Array(Buffer.concat([...(await harness.files()).values()]))
  const { uuid } = decodeSuperblock(volume.subarray(0, 4096))
  const rebuilt = new NeedleIndex()
  const found = await scan(
    async (offset, length) => volume.slice(offset, offset + length),
    seedOf(uuid),
    { offset: 4096, lastBatch: 0, epochMax: 1 },
    ({ header, offset, bytes }) => {
      if (header.type === 'needle') rebuilt.add(header.key, header.alt, offset, bytes)
    },
    { resync: true },
  )
  assert.equal(found.end, volume.byteLength)
  assert.equal(rebuilt.count, 5)
  assert.deepEqual(found.damage, [])
})
