import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applySharpening } from './sharpen.ts'

const [WIDTH, HEIGHT] = [24, 16]
const pixels = (colourAt: (x: number, y: number) => readonly number[], channels = 3) => ({
  data: Uint8Array.from(
    { length: WIDTH * HEIGHT * channels },
    (_, at) => colourAt(Math.floor(at / channels) % WIDTH, Math.floor(at / channels / WIDTH))[at % channels] ?? 0,
  ),
  width: WIDTH,
  height: HEIGHT,
  channels,
})

test('sharpen: what is even stays as it is, to the edges', () => {
  for (const channels of [3, 4]) {
    const picture = pixels(() => [10, 200, 90, 7], channels)
    const before = Uint8Array.from(picture.data)
    applySharpening(picture, 1.5)
    assert.deepEqual(picture.data, before)
  }
})

test('sharpen: an edge is raised on its light side and lowered on its dark one, by the kernel, in all channels alike', () => {
  const picture = pixels((x) => (x < 12 ? [100, 100, 100] : [164, 164, 164]))
  applySharpening(picture, 1)
  const row = (channel: number) => Array.from({ length: 6 }, (_, x) => picture.data[(5 * WIDTH + 9 + x) * 3 + channel])
  // Of a step of 64 the blur 1 4 6 4 1 puts 1/16 two pixels off and 5/16 next to the edge on its other side.
  assert.deepEqual(row(0), [100, 96, 80, 184, 168, 164])
  assert.deepEqual(row(2), row(0))
})

test('sharpen: black and white are not passed', () => {
  const picture = pixels((x, y) => ((x + y) % 2 === 0 ? [0, 0, 0] : [255, 255, 255]))
  const before = Uint8Array.from(picture.data)
  applySharpening(picture, 1.5)
  assert.deepEqual(picture.data, before)
})
