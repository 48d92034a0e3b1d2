import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { MediaError } from '../domain/errors.ts'
import { recordBytes } from './layout.ts'
import { checkBody, decodeHeader, encodeRecord, seedOf } from './needle.ts'
import { decodeSuperblock, encodeSuperblock } from './superblock.ts'
import { decodeTombstones, encodeTombstone, erasedIn, graveOf, TOMBSTONE_BYTES } from './tombstone.ts'

const uuid = new Uint8Array(Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'))
const superblock = { volume: 7, epoch: 3, uuid }
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const cookie = new Uint8Array(Buffer.from('c0ffee0123456789', 'hex'))
const header = {
  type: 'needle',
  lastOfBatch: true,
  epoch: 3,
  alt: 0x0100_0002,
  key: 0x0123_4567_89ab_cdefn,
  cookie,
  batch: 5,
  durableThrough: 4096,
} as const

function encode(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(recordBytes(data.byteLength))
  encodeRecord(bytes, 0, seedOf(uuid), header, data)
  return bytes
}

test('volume format 1: the bytes of a superblock are frozen', () => {
  const block = encodeSuperblock(superblock)
  assert.equal(block.byteLength, 4096)
  assert.equal(hex(block.subarray(0, 44)), '894452564f4c0d0a0100000000100000000102030405060708090a0b0c0d0e0f070000000000000003000000')
  assert.equal(hex(block.subarray(2044, 2048)), '1d9471d7')
  assert.deepEqual(block.subarray(0, 2048), block.subarray(2048))
  assert.ok(block.subarray(44, 2044).every((byte) => byte === 0))
  assert.deepEqual(decodeSuperblock(block), superblock)
})

test('volume format 1: the bytes of a needle are frozen', () => {
  assert.equal(
    hex(encode(new Uint8Array(Buffer.from('darkroom!')))),
    '6e4544cc010101000300000002000001efcdab8967452301c0ffee012345678905000000000000000010000000000000090000003a322c436461726b726f6f6d2145444cee09000000eb87e5dd4658b0de00000000000000',
  )
})

test('volume format 1: the bytes of a tombstone are frozen, written twice', () => {
  const bytes = encodeTombstone(superblock, 0x0123_4567_89ab_cdefn)
  assert.equal(bytes.byteLength, TOMBSTONE_BYTES)
  assert.equal(
    hex(bytes.subarray(0, 72)),
    '6e4544cc010201000300000000000000efcdab896745230100000000000000000000000000000000000000000000000000000000eafc0d3d45444cee0000000000000000a2630dc8',
  )
  assert.deepEqual(bytes.subarray(0, 72), bytes.subarray(72))
})

test('volume format 1: the tombstone of a version has a type of its own, so that a release that does not know it hides nothing', () => {
  const grave = graveOf(0x0123_4567_89ab_cdefn, 3)
  const bytes = encodeTombstone(superblock, grave)
  const view = new DataView(bytes.buffer)
  assert.deepEqual([bytes[5], view.getUint32(12, true), view.getBigUint64(16, true)], [5, 0x300_0000, 0x0123_4567_89ab_cdefn])
  assert.deepEqual(bytes.subarray(0, 72), bytes.subarray(72))
  assert.deepEqual(decodeTombstones(superblock, bytes), { keys: [grave], strayBytes: 0 })
  const erased = new Set([grave])
  const of = (alt: number) => erasedIn(erased, { key: 0x0123_4567_89ab_cdefn, alt })
  assert.deepEqual([of(0x300_0001), of(0x3ff_ffff), of(0x2ff_ffff), of(0x400_0000), of(1)], ['version', 'version', null, null, null])
  for (const version of [0, -1, 256, Number.NaN]) assert.throws(() => graveOf(1n, version))
})

test('volume format 1: a later version is refused by name, whatever its checksum', () => {
  const block = encodeSuperblock(superblock)
  for (const half of [0, 2048]) block[half + 8] = 2
  assert.throws(
    () => decodeSuperblock(block),
    (error) => error instanceof MediaError && error.code === 'VOLUME_UNKNOWN_FORMAT',
  )
})

test('volume format 1: one sound half of the superblock is enough, none is corrupt', () => {
  for (const half of [0, 2048]) {
    const block = encodeSuperblock(superblock)
    block.fill(0, half, half + 2048)
    assert.deepEqual(decodeSuperblock(block), superblock)
  }
  for (const block of [new Uint8Array(4096), new Uint8Array(0), new Uint8Array(100)]) {
    assert.throws(
      () => decodeSuperblock(block),
      (error) => error instanceof MediaError && error.code === 'BLOB_CORRUPT',
    )
  }
})

test('needle: every record is read back as it was written, at any place', () => {
  fc.assert(
    fc.property(
      fc.record({
        type: fc.constantFrom('needle', 'tombstone', 'packIndex', 'mark'),
        lastOfBatch: fc.boolean(),
        epoch: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        alt: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        key: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        cookie: fc.uint8Array({ minLength: 8, maxLength: 8 }),
        batch: fc.maxSafeNat(),
        durableThrough: fc.maxSafeNat(),
      } as const),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(64),
      (written, data, at) => {
        const bytes = new Uint8Array(at + recordBytes(data.byteLength))
        assert.equal(encodeRecord(bytes, at, seedOf(uuid), written, data), recordBytes(data.byteLength))
        assert.deepEqual(decodeHeader(bytes, at, seedOf(uuid)), { ...written, length: data.byteLength })
        assert.deepEqual(checkBody(bytes, at, data.byteLength)?.data, data)
      },
    ),
  )
})

test('needle: each flipped bit of a record is detected', () => {
  const bytes = encode(new Uint8Array(Buffer.from('darkroom!')))
  for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
    const flipped = bytes.slice()
    flipped[bit >>> 3] = (flipped[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    const decoded = decodeHeader(flipped, 0, seedOf(uuid))
    const sound = decoded !== null && decoded !== 'unknown' && checkBody(flipped, 0, decoded.length) !== null
    assert.equal(sound, false, `bit ${bit}`)
  }
})

test('needle: a record of another volume never passes, nor a footer of another record', () => {
  const bytes = encode(new Uint8Array(8))
  assert.equal(decodeHeader(bytes, 0, seedOf(new Uint8Array(16))), null)
  const other = new Uint8Array(recordBytes(8))
  encodeRecord(other, 0, seedOf(uuid), { ...header, batch: 6 }, new Uint8Array(8))
  bytes.set(other.subarray(56), 56)
  assert.equal(checkBody(bytes, 0, 8), null)
})

test('tombstone: one damaged copy does not lose the key, and a torn end harms nothing after it', () => {
  const first = encodeTombstone(superblock, 1n)
  const second = encodeTombstone(superblock, 2n)
  for (let at = 0; at < first.byteLength; at += 1) {
    const damaged = first.slice()
    damaged[at] = (damaged[at] ?? 0) ^ 0x10
    assert.deepEqual(decodeTombstones(superblock, damaged).keys, [1n])
    const torn = Buffer.concat([first.subarray(0, at), second])
    assert.ok(decodeTombstones(superblock, new Uint8Array(torn)).keys.includes(2n))
  }
})
