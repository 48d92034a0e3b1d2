import assert from 'node:assert/strict'
import { test } from 'node:test'
import { motionOf, planClip, planLoop } from './plan-motion.ts'
import type { ImageProbe, VideoProbe } from './plans.ts'
import { presets } from './presets/index.ts'

const still: ImageProbe = {
  type: 'image/gif',
  width: 500,
  height: 281,
  orientation: 1,
  frames: 1,
  hasAlpha: false,
  heldWhole: true,
  decodeBytesPerPixel: 12,
}
const animation = { durationMs: 2_430, fps: 100, loops: 3 }
const clip: VideoProbe = {
  durationMs: 2_900,
  width: 1_440,
  height: 1_920,
  fps: 29.97,
  startSeconds: 0,
  videoCodec: 'hevc',
  videoStreamIndex: 0,
  audio: { streamIndex: 1, codec: 'aac', channels: 1 },
}

test('plan-motion: a loop is one silent rung of even sides, never larger than its source, as long as its frames say', () => {
  for (const preset of presets) {
    const plan = planLoop({ ...still, frames: 60, animation }, preset, { filter: null })
    assert.equal(plan.rungs.length, 1)
    for (const { width, height } of plan.rungs) assert.ok(width % 2 === 0 && height % 2 === 0 && width <= 500 && height <= 282)
    assert.ok(plan.fps <= 60 && Math.abs(plan.durationMs - 2_430) <= 1_000 / plan.fps)
    assert.deepEqual([plan.audio, plan.frames], [null, 'gif'])
    assert.deepEqual(motionOf({ ...still, animation }, plan, 'x').loops, 3)
  }
})

test('plan-motion: a turned animation is planned as it is seen', () => {
  const [preset] = presets
  assert.ok(preset)
  const plan = planLoop({ ...still, type: 'image/webp', orientation: 6, frames: 2, animation }, preset, { filter: null })
  assert.deepEqual([plan.width, plan.height, plan.orientation, plan.frames], [281, 500, 6, 'raw'])
})

test('plan-motion: a clip keeps its sound, and what was cut from the photo in pixels is cut from it in shares', () => {
  const [preset] = presets
  assert.ok(preset)
  const framing = { crop: { unit: 'pixels', x: 0, y: 0, width: 1_512, height: 2_016 } } as const
  const plan = planClip(clip, { width: 3_024, height: 4_032 }, preset, { filter: 'clarendon', edits: { framing } })
  assert.deepEqual([plan.width, plan.height, plan.filter, plan.audio?.streamIndex], [720, 960, 'clarendon', 1])
  assert.equal(plan.rungs.length, 1)
})
