import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planStoryboard, storyboardIndex } from '../domain/storyboard.ts'
import { cuesOf } from './storyboard.ts'

test('console: a storyboard is read as it is written', () => {
  const board = planStoryboard({ width: 1920, height: 1080, durationMs: 3_600_000 })
  const cues = cuesOf(storyboardIndex(board, '../7.b/storyboard.jpg', 3_600_000), 'https://cdn.example/m/x.1/7.a/storyboard.vtt')
  assert.equal(cues.length, 100)
  const sheet = 'https://cdn.example/m/x.1/7.b/storyboard.jpg'
  assert.deepEqual(cues[11], { from: 396, to: 432, sheet, x: 160, y: 90, width: 160, height: 90 })
  assert.equal(cues.at(-1)?.to, 3_600)
})
