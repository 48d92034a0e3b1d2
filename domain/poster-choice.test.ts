import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bestPoster, candidateSize, posterTimes, posterWorth } from './poster-choice.ts'

const { width, height } = candidateSize
const drawn = (of: (x: number, y: number) => number) =>
  Uint8Array.from({ length: width * height }, (_, at) => Math.round(of(at % width, Math.floor(at / width))))

const sharp = drawn((x, y) => (Math.floor(x / 8) % 2 === Math.floor(y / 8) % 2 ? 60 : 190))
const blurred = drawn((x, y) => 125 + 65 * Math.sin((x * Math.PI) / 40) * Math.sin((y * Math.PI) / 40))
const black = drawn(() => 8)
const white = drawn(() => 250)
const fog = drawn((x) => 120 + (x % 2))

test('poster: candidates are spread over what is shown, and a short film has fewer', () => {
  const times = posterTimes({ chunks: [{ index: 0, startSeconds: 10, durationSeconds: 2 }], durationMs: 60_000 })
  assert.deepEqual(times, [15, 25, 35, 45, 55, 65])
  assert.deepEqual(posterTimes({ chunks: [{ index: 0, startSeconds: 0, durationSeconds: 1 }], durationMs: 700 }), [0.35])
})

test('poster: the sharpest of them is taken, and never one in which there is nothing to be seen', () => {
  assert.equal(bestPoster([black, blurred, sharp, white, fog, null]), 2)
  assert.equal(bestPoster([black, fog, blurred]), 2)
  assert.deepEqual([black, white, fog].map(posterWorth), [null, null, null])
  assert.equal(bestPoster([black, white, null]), null)
})

test('poster: of two that are alike the earlier one is taken', () => {
  const alike = sharp.map((value) => value + (value === 190 ? 2 : 0))
  assert.ok((posterWorth(alike) ?? 0) > (posterWorth(sharp) ?? 0))
  assert.equal(bestPoster([sharp, alike]), 0)
})
