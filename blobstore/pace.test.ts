import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPace } from './pace.ts'

test('pace: a walk keeps to its bytes per second, and does not make up for having been held up', async () => {
  let nowMs = 0
  const clock = { nowMs: () => nowMs, wait: async (ms: number) => void (nowMs += ms), every: () => () => {} }
  const pace = createPace({ clock, bytesPerSecondMax: 1_000 }, 0)
  for (let turn = 0; turn < 100; turn += 1) await pace(100)
  assert.equal(nowMs, 10_000)
  // Somebody else had the machine for a minute.
  nowMs += 60_000
  for (let turn = 0; turn < 100; turn += 1) await pace(100)
  assert.ok(nowMs > 79_800, `${nowMs} ms`)
})
