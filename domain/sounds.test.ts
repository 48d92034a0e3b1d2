import assert from 'node:assert/strict'
import { test } from 'node:test'
import { altPlaces } from './alt.ts'
import { planVideo } from './plan-video.ts'
import type { VideoProbe } from './plans.ts'
import { standard } from './presets/standard.ts'
import { soundTitles, withSound } from './sounds.ts'

const film: VideoProbe = {
  durationMs: 4_000,
  width: 640,
  height: 360,
  fps: 30,
  startSeconds: 0,
  videoCodec: 'h264',
  videoStreamIndex: 0,
  audio: { streamIndex: 1, codec: 'aac', channels: 2, language: 'en' },
  otherSounds: [
    { streamIndex: 2, language: 'pt-BR' },
    { streamIndex: 4, language: 'en', aside: 'commentary' },
    { streamIndex: 5, language: 'und' },
    { streamIndex: 6, language: 'qaa' },
  ],
}
const plan = planVideo(film, standard, { filter: null })

test('sounds: each is called by its language, what it is, or just a sound, and no two are called the same', () => {
  assert.deepEqual(soundTitles(plan), [
    { label: 'English', language: 'en' },
    { label: 'Brazilian Portuguese', language: 'pt-BR' },
    { label: 'Commentary (English)', language: 'en', aside: 'commentary' },
    { label: 'Sound' },
    { label: 'Sound 2', language: 'qaa' },
  ])
  assert.deepEqual(soundTitles(planVideo({ ...film, audio: null }, standard, { filter: null })), [])
})

test('sounds: a plan with one of its sounds opens that stream at the rate of the preset', () => {
  assert.deepEqual(withSound(plan, 0).audio, { streamIndex: 1, kbps: 128 })
  assert.deepEqual(withSound(plan, 2).audio, { streamIndex: 4, kbps: 128 })
  assert.throws(() => withSound(plan, 5), /without sound 5/)
})

test('sounds: no needle of a sound, of as many segments as there can be, has the place of another', () => {
  const spans = [0, 1, 2, 5].map((sound) => [altPlaces.soundSegment(sound, 0), altPlaces.soundInit(sound)] as const)
  for (const [at, [first, last]] of spans.entries()) {
    assert.ok(first < last && last < altPlaces.videoSegment(0, 0))
    assert.ok(first > (spans[at - 1]?.[1] ?? altPlaces.master))
  }
})
