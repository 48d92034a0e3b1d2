import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { fingerprintOf, NeedleIndex, packSize, unpackSize } from './needle-index.ts'

const places = fc.array(
  fc.record({ key: fc.bigInt({ min: 0n, max: 40n }), alt: fc.nat(3), bytes: fc.integer({ min: 9, max: 4_000 }).map((units) => units * 8) }),
  { maxLength: 400 },
)

test('index: it finds every record of a needle, latest first, and for other needles almost nothing', () => {
  fc.assert(
    fc.property(
      places,
      fc.constantFrom(fingerprintOf, (key: bigint) => Number(key % 3n)),
      (records, hash) => {
        const index = new NeedleIndex({ hash })
        const written: { key: bigint; alt: number; offset: number; bytes: number }[] = []
        let offset = 4096
        for (const { key, alt, bytes } of records) {
          index.add(key, alt, offset, bytes)
          written.push({ key, alt, offset, bytes })
          offset += bytes
        }
        assert.equal(index.count, records.length)
        for (const one of written) {
          const found = index.find(one.key, one.alt)
          assert.ok(
            found.some((place) => place.offset === one.offset && place.bytes >= one.bytes && place.bytes <= one.bytes * (1 + 1 / 1024) + 8),
          )
          assert.deepEqual(
            found.map((place) => place.offset),
            found.map((place) => place.offset).toSorted((a, b) => b - a),
          )
        }
      },
    ),
  )
})

test('index: a packed size is never less than the size, and at most 1/1024 more', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 29 }), (units) => {
      const back = unpackSize(packSize(units * 8))
      assert.ok(packSize(units * 8) < 2 ** 16)
      assert.ok(back >= units * 8 && back <= units * 8 * (1 + 1 / 1024) + 8)
    }),
  )
})

test('index: a million needles take at most 14 bytes each', () => {
  const index = new NeedleIndex()
  for (let key = 0; key < 1_000_000; key += 1) index.add(BigInt(key) << 23n, key & 7, 4096 + key * 80, 80)
  assert.ok(index.bytes / index.count <= 14, `${index.bytes / index.count} bytes a needle`)
  assert.deepEqual(index.find(123_456n << 23n, 123_456 & 7).at(0), { offset: 4096 + 123_456 * 80, bytes: 80 })
})

test('index: fingerprints are those of earlier releases, since snapshots hold them', () => {
  const known: readonly (readonly [bigint, number, number])[] = [
    [0n, 0, 1_680_814_304],
    [1n, 0, 3_584_742_034],
    [0x0123_4567_89ab_cdefn, 0x0100_0007, 2_822_651_199],
    [2n ** 64n - 1n, 2 ** 32 - 1, 871_034_947],
  ]
  for (const [key, alt, fingerprint] of known) assert.equal(fingerprintOf(key, alt), fingerprint)
})
