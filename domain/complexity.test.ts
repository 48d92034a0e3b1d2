import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Complexity, eagerTrials, planSamples, rungsByTitle } from './complexity.ts'
import { planVideo } from './plan-video.ts'
import type { VideoProbe } from './plans.ts'
import { byTitle } from './presets/by-title.ts'
import { standard } from './presets/standard.ts'

const probe: VideoProbe = {
  durationMs: 60_000,
  width: 1920,
  height: 1080,
  fps: 25,
  startSeconds: 2,
  videoCodec: 'h264',
  videoStreamIndex: 0,
  audio: null,
}
const fixed = planVideo(probe, standard, { filter: null })
const briefly = (rungs: ReturnType<typeof rungsByTitle>) =>
  rungs.map(({ name, height, crf, effort }) => `${name} ${height} ${crf} ${effort}`)

/** Natural pictures: scaling costs more than coarse quantisers. */
const detailed: Complexity = {
  effort: 'high',
  fixed: { crf: 24, kbps: 300, ssim: 0.97 },
  eager: [
    { crf: 25, kbps: 280, ssim: 0.975 },
    { crf: 33, kbps: 100, ssim: 0.945 },
  ],
  small: { crf: 25, kbps: 150, ssim: 0.93 },
}
/** Drawn flat: nothing is lost by scaling, so larger pictures buy nothing. */
const flat: Complexity = { ...detailed, small: { crf: 25, kbps: 90, ssim: 0.968 } }
/** Next to nothing happens. */
const still: Complexity = {
  effort: 'high',
  fixed: { crf: 24, kbps: 30, ssim: 0.99 },
  eager: [
    { crf: 25, kbps: 28, ssim: 0.992 },
    { crf: 33, kbps: 10, ssim: 0.985 },
  ],
  small: { crf: 25, kbps: 18, ssim: 0.988 },
}

test('complexity: samples are spread over the video, a group of pictures each, and cost a small share of it', () => {
  assert.deepEqual(planSamples(fixed), {
    starts: [12, 32, 52],
    frames: 50,
    size: { width: 512, height: 288 },
    smallSize: { width: 342, height: 192 },
  })
  assert.equal(planSamples({ ...fixed, durationMs: 3_600_000 })?.starts.length, 4)
  assert.deepEqual(planSamples({ ...fixed, durationMs: 5_000 })?.starts, [4.5], 'of a short one a part of a second')
  assert.equal(planSamples({ ...fixed, durationMs: 5_000 })?.frames, 15)
  assert.equal(planSamples({ ...fixed, durationMs: 3_900 }), null, 'too short')
  assert.equal(planSamples({ ...fixed, rungs: fixed.rungs.slice(0, 1) }), null, 'nothing to choose')
})

test('complexity: where scaling costs more than coarse quantisers, steps take the next larger size', () => {
  assert.deepEqual(briefly(rungsByTitle(fixed.rungs, { complexity: detailed })), [
    '1080p 1080 25.7 high',
    '1080p-lean 1080 31.9 high',
    '720p 720 31.9 high',
    '480p 480 32.9 high',
    '360p 360 33.9 high',
  ])
})

test('complexity: where nothing is lost by scaling, steps keep their size', () => {
  assert.deepEqual(briefly(rungsByTitle(fixed.rungs, { complexity: flat })), [
    '1080p 1080 25.7 high',
    '720p 720 25.7 high',
    '480p 480 25.7 high',
    '360p 360 26.7 high',
    '240p 240 27.7 high',
  ])
})

test('complexity: where the picture costs less than the sound, the smallest steps are left out', () => {
  const rungs = rungsByTitle(fixed.rungs, { complexity: still })
  assert.deepEqual(
    rungs.map(({ name }) => name),
    ['1080p', '720p'],
  )
})

test('complexity: what the eager encoder comes to elsewhere follows from the slopes of the quick one', () => {
  const [fixed, coarse] = [
    { crf: 24, kbps: 400, ssim: 0.96 },
    { crf: 32, kbps: 100, ssim: 0.84 },
  ]
  const [low, high] = eagerTrials({ crf: 28, kbps: 180, ssim: 0.93 }, fixed, coarse)
  assert.deepEqual(low, { crf: 28, kbps: 180, ssim: 0.93 })
  assert.deepEqual([high.crf, Math.round(high.kbps), high.ssim.toFixed(3)], [32, 90, '0.860'])
})

test('complexity: a title that an earlier release began keeps the plan that it had then', () => {
  const { effort: _, ...earlier } = detailed
  const worse: Complexity = { ...earlier, eager: [{ ...earlier.eager[0], ssim: 0.967 }, earlier.eager[1]] }
  const rungsOf = (complexity?: Complexity) =>
    planVideo(complexity ? { ...probe, complexity } : probe, byTitle, { filter: null }).rungs.map(
      ({ name, height, crf, maxKbps, effort }) => `${name} ${height} ${crf} ${maxKbps} ${effort}`,
    )
  // As that release planned them.
  assert.deepEqual(rungsOf(), [
    '1080p 1080 25 6000 fast',
    '720p 720 25 3200 fast',
    '480p 480 25 1600 fast',
    '360p 360 26 900 fast',
    '240p 240 27 450 fast',
  ])
  assert.deepEqual(rungsOf(earlier), [
    '1080p 1080 25.1 6000 fast',
    '1080p-lean 1080 31.9 3200 fast',
    '720p 720 31.9 1600 fast',
    '480p 480 32.9 900 fast',
    '360p 360 33.9 450 fast',
  ])
  assert.deepEqual(rungsOf(worse), [
    '1080p 1080 23 6000 fast',
    '1080p-lean 1080 33.3 3200 fast',
    '720p 720 33.3 1600 fast',
    '480p 480 34.3 900 fast',
    '360p 360 35.3 450 fast',
  ])
})

test('complexity: a title that was not looked at keeps its sizes; only the effort goes up', () => {
  const plan = planVideo({ ...probe, titleEffort: 'high' }, byTitle, { filter: null })
  assert.deepEqual(
    plan.rungs.map(({ name, crf, maxKbps, effort }) => [name, crf, maxKbps, effort]),
    fixed.rungs.map(({ name, crf, maxKbps }) => [name, crf + 1, maxKbps * 0.8, 'high']),
  )
})

test('complexity: indexes count the rungs that are left, and names are of one rung each', () => {
  for (const complexity of [detailed, flat, still]) {
    const { rungs } = planVideo({ ...probe, complexity }, byTitle, { filter: null })
    assert.deepEqual(
      rungs.map(({ index }) => index),
      rungs.map((_, at) => at),
    )
    assert.equal(new Set(rungs.map(({ name }) => name)).size, rungs.length)
  }
})
