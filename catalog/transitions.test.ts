import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MediaState } from '../domain/media.ts'
import type { Outcome } from '../domain/ports.ts'
import { decidePublish, decideSettle } from './transitions.ts'

const states: readonly MediaState[] = ['processing', 'playable', 'ready', 'rejected', 'failed', 'erased']
const outcomes: readonly Outcome['state'][] = ['playable', 'ready', 'rejected', 'failed', 'erased']

test('transitions: an open item takes any outcome but erased, a final one keeps what it is', () => {
  for (const state of states) {
    for (const outcome of outcomes) {
      const decide = () => decideSettle(state, outcome)
      const open = state === 'processing' || state === 'playable'
      if (state === outcome) assert.equal(decide(), 'repeat')
      else if (state === 'erased') assert.throws(decide, { code: 'MEDIA_ERASED' })
      else if (outcome === 'erased') assert.throws(decide, /before its erasure began/)
      else assert.equal(decide(), open ? 'change' : 'keep')
    }
  }
})

test('transitions: a manifest is taken in open states, and by a ready item of a later version only', () => {
  for (const state of ['processing', 'playable'] as const) {
    assert.equal(decidePublish({ state, version: 2 }, 1), false)
    assert.equal(decidePublish({ state, version: 2 }, 2), true)
    assert.equal(decidePublish({ state, version: 2 }, 3), true)
  }
  assert.equal(decidePublish({ state: 'ready', version: 2 }, 2), false)
  assert.equal(decidePublish({ state: 'ready', version: 2 }, 3), true)
})

test('transitions: what was discarded takes no manifest', () => {
  for (const state of ['rejected', 'failed', 'erased'] as const) {
    assert.throws(() => decidePublish({ state, version: 1 }, 2), { code: 'MEDIA_ERASED' })
  }
})
