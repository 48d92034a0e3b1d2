import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { alignedMemory } from './aligned-memory.ts'
import { crcOf, quickenCrc, shortCrc } from './crc.ts'

const MEMORY_BYTES = 256 * 1024

function filled(): Uint8Array {
  const memory = alignedMemory(MEMORY_BYTES)
  quickenCrc(memory)
  return new Uint8Array(randomFillSync(Buffer.from(memory.buffer)).buffer)
}

test('checksums: quick ones are those of zlib at every length and wherever the bytes begin', () => {
  const bytes = filled()
  const lengths = fc.oneof(
    fc.integer({ min: 0, max: 20_000 }),
    fc.integer({ min: 60_000, max: 70_000 }),
    fc.integer({ min: 0, max: MEMORY_BYTES }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 9_000 }), lengths, (at, length) => {
      const part = bytes.subarray(at, at + length)
      assert.equal(crcOf(part), crc32(part))
    }),
    { numRuns: 1_000 },
  )
  for (let length = 12_200; length < 12_500; length += 1)
    assert.equal(crcOf(bytes.subarray(8, 8 + length)), crc32(bytes.subarray(8, 8 + length)))
})

test('checksums: every flipped bit of a long message shows', () => {
  const bytes = filled().subarray(56, 56 + 20_000)
  const sound = crcOf(bytes)
  for (let bit = 0; bit < bytes.byteLength * 8; bit += 7) {
    const at = bit >> 3
    const flipped = 1 << (bit & 7)
    bytes[at] = (bytes[at] ?? 0) ^ flipped
    assert.notEqual(crcOf(bytes), sound, `bit ${bit}`)
    bytes[at] = (bytes[at] ?? 0) ^ flipped
  }
  assert.equal(crcOf(bytes), sound)
})

test("checksums: two memories, and bytes in neither, do not get in each other's way", () => {
  const [one, other] = [filled(), filled()]
  const copy = Uint8Array.from(one)
  assert.equal(crcOf(one), crc32(copy))
  assert.equal(crcOf(other), crc32(Uint8Array.from(other)))
  assert.equal(crcOf(copy), crcOf(one))
})

test('checksums: short ones are those of zlib too, continued from any other', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 20 }), fc.nat({ max: 2 ** 32 - 1 }), (bytes, before, seed) => {
      const at = Math.min(before, bytes.byteLength)
      const length = bytes.byteLength - at
      assert.equal(shortCrc(bytes, at, length, seed), crc32(bytes.subarray(at), seed))
    }),
  )
})
