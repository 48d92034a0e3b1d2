import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from './limits.ts'
import { isAbandoned, isCompactionDue } from './volume-care.ts'
import type { VolumeRow } from './volume-ports.ts'

const row: VolumeRow = {
  volume: 1,
  writer: 'w',
  epoch: 1,
  state: 'sealed',
  leaseMs: 0,
  generation: 0,
  bytes: 1_000,
  bytesErased: 100,
  bytesHeld: 900,
  keysErased: 1,
  erasedMs: 0,
}

test('volume care: a volume is compacted when much of its bytes were erased, or when something was long ago', () => {
  assert.equal(isCompactionDue(row, limits), false)
  assert.equal(isCompactionDue({ ...row, bytesErased: 200, bytesHeld: 800 }, limits), true)
  assert.equal(isCompactionDue({ ...row, keysErased: 1_000_000 }, limits), false, 'many small items are not much')
  assert.equal(isCompactionDue({ ...row, bytesErased: 200, bytesHeld: 800, keysErased: 0 }, limits), true, 'replaced, not erased')
  assert.equal(isCompactionDue({ ...row, erasedMs: limits.erasedNeedleMsMax }, limits), true)
  assert.equal(isCompactionDue({ ...row, state: 'merged', bytesHeld: 0 }, limits), true)
})

test('volume care: a volume that is written, empty, or has nothing erased in it is not compacted', () => {
  const much = { ...row, bytesErased: 900, erasedMs: Number.POSITIVE_INFINITY }
  for (const state of ['open', 'retired'] as const) assert.equal(isCompactionDue({ ...much, state }, limits), false)
  assert.equal(isCompactionDue({ ...much, bytesErased: 0, bytesHeld: 0, keysErased: 0 }, limits), false)
})

test('volume care: an open volume is abandoned when its lease has run out, and never when none is kept', () => {
  assert.equal(isAbandoned({ ...row, state: 'open' }), true)
  assert.equal(isAbandoned({ ...row, state: 'open', leaseMs: 1 }), false)
  assert.equal(isAbandoned({ ...row, state: 'open', leaseMs: null }), false)
  assert.equal(isAbandoned(row), false)
})
