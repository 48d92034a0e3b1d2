import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flipEveryBit } from './rot.ts'

test('blobstore rot: a flipped bit shows at every byte of every kind of record, and no wrong byte is served', async () => {
  const { flips, undetected, reads, wrongBytes } = await flipEveryBit(61)
  assert.deepEqual(undetected, [])
  assert.equal(wrongBytes, 0)
  assert.ok(flips > 20_000 && reads > 1_000)
})
