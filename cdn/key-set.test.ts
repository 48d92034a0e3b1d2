import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeySet } from './key-set.ts'

test('key set: it holds what a Set of bigints holds, zero and neighbours too', () => {
  const key = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.bigInt({ min: 0n, max: 40n }),
    fc.bigInt({ min: 0n, max: 40n }).map((low) => low << 32n),
  )
  fc.assert(
    fc.property(fc.array(key, { maxLength: 3_000 }), fc.array(key, { maxLength: 50 }), (added, asked) => {
      const expected = new Set<bigint>()
      const set = new KeySet()
      for (const each of added) {
        assert.equal(set.add(each), !expected.has(each))
        expected.add(each)
      }
      assert.equal(set.size, expected.size)
      for (const each of [...added, ...asked]) assert.equal(set.has(each), expected.has(each))
    }),
    { numRuns: 50 },
  )
})

test('key set: it grows past its first table and keeps every key', () => {
  const set = new KeySet()
  for (let index = 0n; index < 100_000n; index += 1n) set.add(index << 23n)
  assert.equal(set.size, 100_000)
  for (let index = 0n; index < 100_000n; index += 1n) assert.ok(set.has(index << 23n))
  assert.ok(!set.has((100_000n << 23n) | 1n))
})
