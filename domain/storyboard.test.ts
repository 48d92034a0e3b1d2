import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planStoryboard, storyboardIndex } from './storyboard.ts'

test('storyboard: a sheet never has more than a hundred pictures, and covers the whole of any video', () => {
  for (const durationMs of [1, 1_999, 2_000, 14_000, 200_000, 200_001, 3_600_000]) {
    const board = planStoryboard({ width: 1080, height: 1920, durationMs })
    assert.ok(board.count >= 1 && board.count <= 100, `${board.count} pictures`)
    assert.ok(board.count * board.intervalMs >= durationMs && (board.count - 1) * board.intervalMs < durationMs, `${durationMs}`)
    assert.ok(board.rows * board.columns >= board.count && board.rows <= 10)
    assert.deepEqual([board.width, board.height], [90, 160])
  }
})

test('storyboard: the index names a part of the sheet for every moment', () => {
  const board = planStoryboard({ width: 1920, height: 1080, durationMs: 3_600_000 })
  const text = storyboardIndex(board, '../a/storyboard.jpg', 3_600_000)
  assert.ok(text.startsWith('WEBVTT\n\n00:00:00.000 --> 00:00:36.000\n../a/storyboard.jpg#xywh=0,0,160,90\n'))
  assert.ok(text.endsWith('00:59:24.000 --> 01:00:00.000\n../a/storyboard.jpg#xywh=1440,810,160,90\n'))
})
