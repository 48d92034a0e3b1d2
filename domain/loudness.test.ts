import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { loudnessGainDb, loudnessWindows } from './loudness.ts'

const target = { lufs: -14, truePeakDb: -1 }

test('loudness: a sound is brought to the target, up or down, as far as its peaks allow', () => {
  assert.equal(loudnessGainDb({ lufs: -20, truePeakDb: -9 }, target), 6)
  assert.equal(loudnessGainDb({ lufs: -8, truePeakDb: 0.5 }, target), -6)
  assert.equal(loudnessGainDb({ lufs: -20, truePeakDb: -3 }, target), 2, 'the peak is what limits it')
  assert.equal(loudnessGainDb({ lufs: -20.04, truePeakDb: -30 }, target), 6)
})

test('loudness: silence and hiss are not made loud', () => {
  assert.equal(loudnessGainDb({ lufs: -70, truePeakDb: -90 }, target), 0)
  assert.equal(loudnessGainDb({ lufs: -50, truePeakDb: -40 }, target), 20)
})

test('loudness: no gain brings a peak above its limit', () => {
  fc.assert(
    fc.property(fc.double({ min: -59, max: 0, noNaN: true }), fc.double({ min: -59, max: 6, noNaN: true }), (lufs, truePeakDb) => {
      const gain = loudnessGainDb({ lufs, truePeakDb }, target)
      assert.ok(truePeakDb + gain <= -1 + 1e-9 && lufs + gain <= -14 + 1e-9)
    }),
  )
})

test('loudness: a short sound is measured whole, a long one in pieces of constant length from all over it', () => {
  assert.deepEqual(loudnessWindows(0.5, 60), [{ startSeconds: 0.5, seconds: 60 }])
  for (const seconds of [65, 600, 3_600]) {
    const windows = loudnessWindows(2, seconds)
    assert.equal(
      windows.reduce((sum, window) => sum + window.seconds, 0),
      64,
    )
    let end = 2
    for (const window of windows) {
      assert.ok(window.startSeconds >= end)
      end = window.startSeconds + window.seconds
    }
    assert.ok(end <= 2 + seconds)
  }
})
