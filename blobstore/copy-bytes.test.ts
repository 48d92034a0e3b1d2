import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { copyBytes } from './copy-bytes.ts'

const shared = (bytes: number) => new Uint8Array(new SharedArrayBuffer(bytes + 8), 8)
const own = (bytes: number) => new Uint8Array(bytes + 8).subarray(8)

test('copying bytes: all come where they should, and nothing else changes, whichever memory is shared', () => {
  for (const from of [own, shared]) {
    for (const to of [own, shared]) {
      for (const length of [0, 1, 7, 4096, 70_001]) {
        const bytes = from(length)
        bytes.set(randomBytes(length))
        const target = to(length + 20).fill(5)
        copyBytes(target, 9, bytes)
        assert.equal(Buffer.compare(target.subarray(9, 9 + length), bytes), 0)
        assert.ok([...target.subarray(0, 9), ...target.subarray(9 + length)].every((byte) => byte === 5))
      }
    }
  }
})

test('copying bytes: what does not fit is refused, and nothing is changed', () => {
  const target = shared(10)
  assert.throws(() => copyBytes(target, 5, own(6).fill(1)), RangeError)
  assert.ok(target.every((byte) => byte === 0))
})
