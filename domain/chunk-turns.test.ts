import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkTurns, TURN_MS } from './chunk-turns.ts'

const chunks = (...seconds: number[]) => seconds.map((durationSeconds) => ({ durationSeconds }))
const even = chunks(2, ...Array.from({ length: 40 }, () => 6))

test('chunk-turns: of a film that nobody watches yet all chunks go at once, but those that are shorter behind them', () => {
  assert.deepEqual(chunkTurns(chunks(6, 6, 6, 4, 4, 2), 0, 6, false), [0, 0, 0, TURN_MS, TURN_MS, 2 * TURN_MS])
  assert.deepEqual(chunkTurns(chunks(2, 6), 0, 2, false), [0, 0])
})

test('chunk-turns: of one that is watched two go behind the first, then four, then eight', () => {
  const turns = chunkTurns(even, 2, 14, true).map((ms) => ms / TURN_MS)
  assert.deepEqual(turns, [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3])
  assert.deepEqual(chunkTurns(chunks(2, 6, 6, 4), 2, 2, true), [TURN_MS, 2 * TURN_MS], 'and shorter ones behind those')
  assert.deepEqual(chunkTurns(even, 2, 0, true), [])
})
