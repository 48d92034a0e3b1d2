import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leadRungs, planVideo } from './plan-video.ts'
import { mp4Rung } from './plan-mp4.ts'
import type { VideoProbe } from './plans.ts'
import { modern } from './presets/modern.ts'
import { standard } from './presets/standard.ts'

const probe: VideoProbe = {
  durationMs: 10_000,
  width: 1280,
  height: 720,
  fps: 30,
  startSeconds: 0,
  videoCodec: 'hevc',
  videoStreamIndex: 0,
  audio: null,
}
const rungs = (more: Partial<VideoProbe> = {}, filter: string | null = null) =>
  planVideo({ ...probe, ...more }, modern, { filter }).rungs.map(({ name, codec, range, index }) => [index, name, codec, range])

test('plan codecs: newer codecs come behind the ladder that everybody can play, larger rungs only', () => {
  assert.deepEqual(rungs(), [
    [0, '720p', undefined, undefined],
    [1, '480p', undefined, undefined],
    [2, '360p', undefined, undefined],
    [3, '240p', undefined, undefined],
    [4, '720p-hevc', 'hevc', undefined],
    [5, '720p-av1', 'av1', undefined],
    [6, '480p-av1', 'av1', undefined],
  ])
  assert.deepEqual(planVideo(probe, standard, { filter: null }).rungs.length, 4)
})

test('plan codecs: HDR is kept where the preset wants it, unless colours are changed', () => {
  assert.deepEqual(rungs({ colour: 'pq' })[4], [4, '720p-hevc', 'hevc', 'pq'])
  assert.deepEqual(rungs({ colour: 'hlg' })[5], [5, '720p-av1', 'av1', undefined])
  assert.deepEqual(rungs({ colour: 'pq' }, 'mono')[4], [4, '720p-hevc', 'hevc', undefined])
})

test('plan codecs: what is played first, and what is kept as one file, is H.264', () => {
  const plan = planVideo({ ...probe, width: 3840, height: 2160 }, modern, { filter: null })
  assert.ok(leadRungs(plan).every(({ codec }) => codec === undefined))
  assert.equal(mp4Rung(plan, modern)?.name, '720p')
})
