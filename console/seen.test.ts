import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Item } from '../api/item.ts'
import { createSeen } from './seen.ts'

const item = (state: Item['state'], done?: number): Item => ({
  id: '01kq8z4v7g0j0' as Item['id'],
  kind: 'video',
  state,
  blurhash: null,
  width: null,
  height: null,
  renditions: [],
  workflowId: 'w',
  stage: 'develop',
  createdAt: '2026-01-01T00:00:00Z',
  ...(done === undefined ? {} : { progress: { done, total: 5, unit: 'chunks' as const } }),
})

test('seen: who looked on knows when a video became playable and of how many chunks it is', () => {
  const seen = createSeen(() => Date.parse('2026-01-01T00:00:02.500Z'))
  seen.note(item('processing'))
  seen.note(item('playable', 1))
  seen.note(item('ready'))
  assert.deepEqual(seen.of(item('ready').id), { state: 'ready', playableAfterMs: 2_500, chunks: 5 })
})

test('seen: who came later does not', () => {
  const seen = createSeen(() => 0)
  seen.note(item('playable', 2))
  assert.equal(seen.of(item('ready').id).playableAfterMs, null)
  assert.deepEqual(seen.of('another'), { playableAfterMs: null, chunks: null })
})
