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
  bytes: 1,
  keysHeld: 99,
  keysErased: 1,
  erasedMs: 0,
}

test('volume care: a volume is compacted when much of it was erased, or when something was long ago', () => {
  assert.equal(isCompactionDue(row, limits), false)
  assert.equal(isCompactionDue({ ...row, keysErased: 99 }, limits), true)
  assert.equal(isCompactionDue({ ...row, erasedMs: limits.erasedNeedleMsMax }, limits), true)
  assert.equal(isCompactionDue({ ...row, state: 'merged', keysHeld: 0 }, limits), true)
})

test('volume care: a volume that is written, empty, or has nothing erased in it is not compacted', () => {
  for (const changed of [{ state: 'open' }, { state: 'retired' }, { keysErased: 0 }] as const) {
    assert.equal(isCompactionDue({ ...row, keysErased: 99, erasedMs: Number.POSITIVE_INFINITY, ...changed }, limits), false)
  }
})

test('volume care: an open volume is abandoned when its lease has run out, and never when none is kept', () => {
  assert.equal(isAbandoned({ ...row, state: 'open' }), true)
  assert.equal(isAbandoned({ ...row, state: 'open', leaseMs: 1 }), false)
  assert.equal(isAbandoned({ ...row, state: 'open', leaseMs: null }), false)
  assert.equal(isAbandoned(row), false)
})
