import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planVideo } from './plan-video.ts'
import { standard } from './presets/standard.ts'
import { parseTrim, trimmedFrames } from './trim.ts'

const parse = (values: Record<string, string>) => parseTrim((name) => values[name] ?? null)

test('trim: seconds are taken with up to six decimals, one end or both', () => {
  assert.deepEqual(parse({ start: '1.25', end: '30' }), { startSeconds: 1.25, endSeconds: 30 })
  assert.deepEqual(parse({ end: '3' }), { startSeconds: 0, endSeconds: 3 })
  assert.deepEqual(parse({ start: '3' }), { startSeconds: 3 })
  assert.equal(parse({ start: '' }), undefined)
  for (const wrong of [
    { start: '-1' },
    { start: '1e3' },
    { end: '0' },
    { start: '5', end: '5' },
    { end: '0x10' },
    { start: ' 1' },
    { end: '1.1234567' },
  ])
    assert.throws(() => parse(wrong as Record<string, string>), { code: 'EDIT_INVALID' })
})

test('trim: whole frames are kept, the nearest ones, and never none', () => {
  assert.deepEqual(trimmedFrames(100, 25, { startSeconds: 1, endSeconds: 2 }), { first: 25, count: 25 })
  assert.deepEqual(trimmedFrames(100, 25, { startSeconds: 1.019 }), { first: 25, count: 75 })
  assert.deepEqual(trimmedFrames(100, 25, { startSeconds: 3, endSeconds: 99 }), { first: 75, count: 25 })
  assert.throws(() => trimmedFrames(100, 25, { startSeconds: 4 }), { code: 'EDIT_INVALID' })
  assert.throws(() => trimmedFrames(100, 25, { startSeconds: 1, endSeconds: 1.001 }), { code: 'EDIT_INVALID' })
})

test('plan-video: a trimmed film has its grid where its first frame is, and is as long as what is kept', () => {
  const probe = {
    durationMs: 60_000,
    width: 1280,
    height: 720,
    fps: 30_000 / 1001,
    startSeconds: 0.5,
    videoCodec: 'h264',
    videoStreamIndex: 0,
    audio: null,
  }
  const plan = planVideo(probe, standard, { filter: null, edits: { trim: { startSeconds: 10.01, endSeconds: 20.02 } } })
  assert.equal(plan.durationMs, 10_010)
  assert.ok(Math.abs((plan.chunks[0]?.startSeconds ?? 0) - (0.5 + (300 * 1001) / 30_000)) < 1e-9)
  assert.equal(plan.inside, true)
})
