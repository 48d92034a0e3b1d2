import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as check, constantFrom, double, integer, oneof, property, record } from 'fast-check'
import { limits } from './limits.ts'
import { admitVideo, frameRateOf, framesOf, mayBegin, planVideo } from './plan-video.ts'
import type { VideoProbe } from './plans.ts'
import { protectedPreset } from './presets/protected.ts'
import { standard } from './presets/standard.ts'

const phone: VideoProbe = {
  durationMs: 14_700,
  width: 1080,
  height: 1920,
  fps: 30,
  startSeconds: 0.5,
  videoCodec: 'h264',
  videoStreamIndex: 1,
  audio: { streamIndex: 0, codec: 'aac', channels: 1 },
}

test('plan-video: a phone clip gets rungs by its shorter side, whole-GOP chunks from its first frame, and a poster', () => {
  assert.deepEqual(planVideo(phone, standard, { filter: 'clarendon' }), {
    width: 1080,
    height: 1920,
    durationMs: 14_700,
    fps: 30,
    gopFrames: 60,
    rungs: [
      { name: '1080p', width: 1080, height: 1920, crf: 23, maxKbps: 6000, index: 0 },
      { name: '720p', width: 720, height: 1280, crf: 23, maxKbps: 3200, index: 1 },
      { name: '480p', width: 480, height: 854, crf: 23, maxKbps: 1600, index: 2 },
      { name: '360p', width: 360, height: 640, crf: 24, maxKbps: 900, index: 3 },
      { name: '240p', width: 240, height: 426, crf: 25, maxKbps: 450, index: 4 },
    ],
    chunks: [
      { index: 0, startSeconds: 0.5, durationSeconds: 6 },
      { index: 1, startSeconds: 6.5, durationSeconds: 6 },
      { index: 2, startSeconds: 12.5, durationSeconds: 2.7 },
    ],
    audio: { streamIndex: 0, kbps: 128 },
    posterSeconds: 3.5,
    videoStreamIndex: 1,
    filter: 'clarendon',
    posterPreset: 'standard',
  })
})

test('plan-video: a tail shorter than a GOP joins the chunk before it; a lone short clip is one chunk', () => {
  assert.deepEqual(
    planVideo({ ...phone, durationMs: 13_500 }, standard, { filter: null }).chunks.map((chunk) => chunk.durationSeconds),
    [6, 7.5],
  )
  assert.deepEqual(planVideo({ ...phone, durationMs: 700 }, standard, { filter: null }).chunks, [
    { index: 0, startSeconds: 0.5, durationSeconds: 0.7 },
  ])
})

test('plan-video: with a brief start the first chunk is one group of pictures, and the others partition the rest', () => {
  const lengthsOf = (durationMs: number) =>
    planVideo({ ...phone, durationMs, briefStart: true }, standard, { filter: null }).chunks.map((chunk) => chunk.durationSeconds)
  assert.deepEqual(lengthsOf(14_700), [2, 6, 6.7])
  assert.deepEqual(lengthsOf(1_500), [1.5])
  const copied = { ...phone, width: 1280, height: 720, startSeconds: 0, plainH264: true as const, durationMs: 12_000 }
  const plan = planVideo(
    { ...copied, keyframes: [0, 45, 100, 190, 250, 330], briefStart: true },
    { ...standard, video: { ...standard.video, copiesTop: true } },
    { filter: null },
  )
  assert.deepEqual(
    plan.chunks.map((chunk) => framesOf(plan, chunk)),
    [
      { first: 0, count: 100 },
      { first: 100, count: 230 },
      { first: 330, count: 30 },
    ],
  )
})

test('plan-video: what is one chunk, or is encrypted, has no beginning of its own', () => {
  const of = (durationMs: number, preset = standard) => mayBegin(planVideo({ ...phone, durationMs }, preset, { filter: null }), preset)
  assert.deepEqual([of(6_000), of(14_700), of(14_700, protectedPreset)], [false, true, false])
})

test('plan-video: NTSC rates stay exact over an hour', () => {
  const plan = planVideo({ ...phone, fps: 29.97, startSeconds: 0, durationMs: 3_600_000 }, standard, { filter: null })
  assert.equal(plan.fps, 30_000 / 1001)
  const last = plan.chunks.at(-1)
  assert.ok(last)
  assert.deepEqual(framesOf(plan, last), { first: 107_820, count: 107_892 - 107_820 })
})

test('plan-video: small, odd and almost-a-rung sources are never enlarged', () => {
  const rungs = (width: number, height: number) =>
    planVideo({ ...phone, width, height }, standard, { filter: null }).rungs.map((rung) => [rung.name, rung.width, rung.height])
  assert.deepEqual(rungs(101, 67), [['66p', 100, 66]])
  assert.deepEqual(rungs(1, 1), [['2p', 2, 2]])
  assert.deepEqual(rungs(1918, 1078)[0], ['1080p', 1918, 1078])
  assert.deepEqual(rungs(1333, 999)[0], ['1080p', 1332, 998])
  assert.deepEqual(rungs(854, 470), [
    ['480p', 854, 470],
    ['360p', 654, 360],
    ['240p', 436, 240],
  ])
})

test('plan-video: rates above the preset are halved, not cut', () => {
  const fps = (rate: number) => planVideo({ ...phone, fps: rate }, standard, { filter: null }).fps
  assert.deepEqual([fps(60), fps(120), fps(100), fps(239.76), fps(29.25), fps(0.4)], [60, 60, 50, 60_000 / 1001, 30, 1])
})

test('plan-video: too long and too many pixels are refused', () => {
  admitVideo(phone, limits)
  assert.throws(() => admitVideo({ ...phone, durationMs: limits.videoDurationMsMax + 1 }, limits), { code: 'MEDIA_TOO_LONG' })
  assert.throws(() => admitVideo({ ...phone, width: 100_000 }, limits), { code: 'MEDIA_TOO_MANY_PIXELS' })
})

const anyProbe = record({
  durationMs: integer({ min: 1, max: 3_600_000 }),
  width: integer({ min: 1, max: 8000 }),
  height: integer({ min: 1, max: 8000 }),
  fps: oneof(constantFrom(23.976, 24, 25, 29.97, 30, 50, 59.94, 60, 120), double({ min: 0.1, max: 1000, noNaN: true })),
  // Never -0, which no probe gives.
  startSeconds: double({ min: -10, max: 1000, noNaN: true }).map((seconds) => seconds + 0),
})

test('plan-video: chunks partition the frames exactly, begin on GOPs and hold at least one of them', () => {
  check(
    property(anyProbe, (facts) => {
      const plan = planVideo({ ...phone, ...facts }, standard, { filter: null })
      const { timescale, ticks } = frameRateOf(plan.fps)
      assert.equal(timescale / ticks, plan.fps, 'the rate survives its own rounding')
      const frames = Math.max(1, Math.round((facts.durationMs / 1000) * plan.fps))
      let next = 0
      for (const chunk of plan.chunks) {
        const { first, count } = framesOf(plan, chunk)
        assert.equal(first, next)
        assert.equal(first % plan.gopFrames, 0)
        assert.ok(count >= Math.min(plan.gopFrames, frames))
        next += count
      }
      assert.equal(next, frames)
      assert.equal(plan.chunks[0]?.startSeconds, facts.startSeconds)
      assert.ok(plan.fps <= standard.video.fpsMax)
      assert.ok(plan.posterSeconds >= facts.startSeconds && plan.posterSeconds <= facts.startSeconds + frames / plan.fps)
    }),
  )
})

test('plan-video: rung sides are even, at least 2, shrink from rung to rung and keep the aspect', () => {
  check(
    property(anyProbe, (facts) => {
      const { rungs } = planVideo({ ...phone, ...facts }, standard, { filter: null })
      assert.ok(rungs.length >= 1)
      rungs.forEach((rung, at) => {
        assert.equal(rung.index, at)
        assert.equal((rung.width % 2) + (rung.height % 2), 0)
        assert.ok(rung.width >= 2 && rung.height >= 2)
        assert.ok(rung.width <= Math.max(2, facts.width) && rung.height <= Math.max(2, facts.height), 'never enlarged')
        const before = rungs[at - 1]
        if (before)
          assert.ok(rung.width <= before.width && rung.height <= before.height && rung.width * rung.height < before.width * before.height)
        const scale = Math.min(rung.width / facts.width, rung.height / facts.height)
        if (Math.min(rung.width, rung.height) > 2) {
          assert.ok(
            Math.abs(rung.width - facts.width * scale) <= 2 + 2 * (facts.width / facts.height) &&
              Math.abs(rung.height - facts.height * scale) <= 2 + 2 * (facts.height / facts.width),
          )
        }
      })
      assert.equal(new Set(rungs.map((rung) => rung.name)).size, rungs.length)
    }),
  )
})

test('plan-video: a wide picture is made smaller until level 4.2 holds; what fits is left as it is, and so are items of before', () => {
  const topOf = (probe: VideoProbe) => {
    const [top] = planVideo(probe, standard, { filter: null }).rungs
    assert.ok(top)
    return top
  }
  const wide: VideoProbe = { ...phone, width: 2560, height: 1080, fps: 60, withinLevel: true }
  const { width, height, name } = topOf(wide)
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  assert.ok(macroblocks <= 8_704 && macroblocks > 8_200, `${width}x${height}`)
  assert.equal(name, '1080p')
  assert.ok(Math.abs(width / height - 2560 / 1080) < 0.01)
  assert.equal(topOf({ ...wide, width: 1920 }).width, 1920)
  const { withinLevel: _, ...before } = wide
  assert.equal(topOf(before).width, 2560)
})

test('plan-video: with a short end chunks are halved towards it, and still partition the frames', () => {
  const lengthsOf = (durationMs: number, more: Partial<VideoProbe> = { briefStart: true }) =>
    planVideo({ ...phone, durationMs, shortEnd: true, ...more }, standard, { filter: null }).chunks.map((chunk) => chunk.durationSeconds)
  assert.deepEqual(lengthsOf(24_000), [2, 6, 6, 4, 4, 2])
  assert.deepEqual(lengthsOf(8_000), [2, 4, 2])
  assert.deepEqual(lengthsOf(13_500), [2, 4, 4, 3.5])
  assert.deepEqual(lengthsOf(12_500), [2, 4, 4, 2.5])
  assert.deepEqual(lengthsOf(6_000, {}), [6])
  assert.equal(lengthsOf(600_000).length, 102)
  const groupEnd = { briefStart: true, groupEnd: true } as const
  assert.deepEqual(lengthsOf(24_000, groupEnd), [2, 6, 6, 4, 2, 2, 2])
  assert.deepEqual(lengthsOf(8_000, groupEnd), [2, 2, 2, 2])
  assert.deepEqual(lengthsOf(12_500, groupEnd), [2, 4, 2, 2, 2.5])
  assert.deepEqual(lengthsOf(6_000, { groupEnd: true }), [6])
})
