import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copiedKeyframes, type Packet } from './copy-gate.ts'
import { planVideo } from './plan-video.ts'
import type { VideoProbe } from './plans.ts'
import { copy } from './presets/copy.ts'

/** Packets of frames in the order given; those in capitals are keyframes. */
const packets = (order: readonly (number | `k${number}`)[], fps = 25, start = 0.5): Packet[] =>
  order.map((frame) => {
    const isKey = typeof frame === 'string'
    return { ptsSeconds: start + Number(String(frame).replace('k', '')) / fps, bytes: 1_000, isKey }
  })
const source = { fps: 25, startSeconds: 0.5 }
const keyframesOf = (order: Packet[], maxKbps = 1_000) => copiedKeyframes(order, source, order.length, { maxKbps })

test('copy gate: closed groups on one grid pass, B-frames and all', () => {
  assert.deepEqual(keyframesOf(packets(['k0', 3, 1, 2, 'k4', 6, 5])), [0, 4])
})

test('copy gate: open groups, gaps, other rates, late keyframes and long groups do not pass', () => {
  const refused: Packet[][] = [
    packets(['k0', 2, 1, 'k5', 3, 4, 6]),
    packets(['k0', 1, 3]),
    packets([0, 1, 2]),
    packets(['k0', 1, 2], 24),
    packets(['k1', 2, 3]),
    packets(['k0', 2, 2]),
    packets(['k0', ...Array.from({ length: 100 }, (_, at) => at + 1)]),
    [],
  ]
  for (const order of refused) assert.equal(keyframesOf(order), undefined)
  assert.equal(copiedKeyframes(null, source, 3, { maxKbps: 1_000 }), undefined)
  assert.equal(copiedKeyframes(packets(['k0', 1, 2]), source, 4, { maxKbps: 1_000 }), undefined, 'a frame is missing')
  assert.deepEqual(keyframesOf(packets(['k0', ...Array.from({ length: 99 }, (_, at) => at + 1)])), [0])
})

test('copy gate: a picture that needs a faster network than the rung may is encoded anew', () => {
  const order = packets(['k0', 1, 'k2', 3])
  assert.ok(keyframesOf(order, 200))
  assert.equal(keyframesOf(order, 199), undefined)
  const peak = order.map((packet, at) => ({ ...packet, bytes: at < 2 ? 1_949 : 1 }))
  assert.equal(keyframesOf(peak, 194), undefined)
  assert.ok(keyframesOf(peak, 195))
})

const probe: VideoProbe = {
  durationMs: 20_000,
  width: 1280,
  height: 720,
  fps: 25,
  startSeconds: 0.5,
  videoCodec: 'h264',
  videoStreamIndex: 0,
  audio: null,
  plainH264: true,
  keyframes: [0, 90, 100, 190, 280, 375, 470],
}

test('plan-video: a copied top rung brings its keyframes, and chunks are whole groups of it', () => {
  const plan = planVideo(probe, copy, { filter: null })
  assert.equal(plan.rungs[0]?.copied, true)
  assert.equal(plan.rungs[1]?.copied, undefined)
  assert.deepEqual(plan.keyframes, probe.keyframes)
  assert.deepEqual(
    plan.chunks.map(({ startSeconds, durationSeconds }) => [Math.round((startSeconds - 0.5) * 25), Math.round(durationSeconds * 25)]),
    [
      [0, 190],
      [190, 185],
      [375, 125],
    ],
  )
})

test('plan-video: nothing is copied of a picture that is changed, or by a preset that does not say so', () => {
  for (const plan of [
    planVideo(probe, copy, { filter: 'mono' }),
    planVideo(probe, copy, { filter: null, edits: { trim: { startSeconds: 1 } } }),
    planVideo({ ...probe, fps: 100 }, copy, { filter: null }),
    planVideo({ ...probe, width: 1284, height: 722 }, copy, { filter: null }),
    planVideo(probe, { ...copy, video: { ...copy.video, copiesTop: false } }, { filter: null }),
  ]) {
    assert.ok(plan.rungs.every(({ copied }) => !copied))
    assert.equal(plan.keyframes, undefined)
  }
})
