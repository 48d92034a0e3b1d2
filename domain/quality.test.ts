import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bestTrial, nextQuality, QUALITY_TRIALS_MAX, qualityRanges, type Trial } from './quality.ts'

/** Runs the search on a picture whose SSIM at each quality is known. */
function search(ssimAt: (quality: number) => number, target: number, start: number): Trial[] {
  const trials: Trial[] = [{ quality: start, ssim: ssimAt(start) }]
  for (let next = nextQuality(trials, target, 'jpeg'); next !== null; next = nextQuality(trials, target, 'jpeg'))
    trials.push({ quality: next, ssim: ssimAt(next) })
  return trials
}

const { min, max } = qualityRanges.jpeg
const picture = fc.record({
  loss: fc.double({ min: 0.02, max: 0.4, noNaN: true }),
  slope: fc.double({ min: 0.006, max: 0.04, noNaN: true }),
})

test('quality: the search ends within three encodes, inside the range, and tries no quality twice', () => {
  fc.assert(
    fc.property(picture, fc.double({ min: 0.8, max: 0.999, noNaN: true }), fc.integer({ min, max }), ({ loss, slope }, target, start) => {
      const trials = search((quality) => 1 - loss * Math.exp(-slope * (quality - min)), target, start)
      assert.ok(trials.length <= QUALITY_TRIALS_MAX)
      assert.equal(new Set(trials.map(({ quality }) => quality)).size, trials.length)
      for (const { quality } of trials) assert.ok(quality >= min && quality <= max, String(quality))
    }),
  )
})

test('quality: on an even curve the target is met within two steps of quality, or an end of the range is what is kept', () => {
  fc.assert(
    fc.property(picture, fc.integer({ min: 60, max: 85 }), ({ loss, slope }, start) => {
      const target = 0.94
      const ssimAt = (quality: number) => 1 - loss * Math.exp(-slope * (quality - min))
      const kept = bestTrial(search(ssimAt, target, start), target)
      const ideal = Math.min(max, Math.max(min, min + Math.log(loss / (1 - target)) / slope))
      // A shallow curve has many qualities of nearly the same loss.
      assert.ok(Math.abs((kept?.quality ?? 0) - ideal) <= 2 + 0.06 / slope, `${kept?.quality} for ${ideal}`)
      if (ideal < max - 1) assert.ok((kept?.ssim ?? 0) >= target)
    }),
  )
})

test('quality: of several that meet the target the lowest is kept, and without one the highest', () => {
  const trials = [
    { quality: 80, ssim: 0.97 },
    { quality: 60, ssim: 0.95 },
    { quality: 50, ssim: 0.93 },
  ]
  assert.equal(bestTrial(trials, 0.94)?.quality, 60)
  assert.equal(bestTrial(trials, 0.99)?.quality, 80)
  assert.equal(bestTrial([], 0.94), undefined)
})
