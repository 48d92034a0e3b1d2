import assert from 'node:assert/strict'
import { test } from 'node:test'
import { thumbhashOf } from './thumbhash.ts'

const picture = (width: number, height: number, colourAt: (x: number, y: number) => readonly number[]) => {
  const channels = colourAt(0, 0).length === 4 ? (4 as const) : (3 as const)
  const data = Uint8Array.from(
    { length: width * height * channels },
    (_, at) => colourAt(Math.floor(at / channels) % width, Math.floor(at / channels / width))[at % channels] ?? 0,
  )
  return { data, width, height, channels }
}

/** Mean colour and aspect ratio as a reader takes them from the header. */
function headerOf(hash: string) {
  const bytes = Buffer.from(hash, 'base64')
  const header = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16)
  const shape = (bytes[3] ?? 0) | ((bytes[4] ?? 0) << 8)
  const [l, p, q] = [(header & 63) / 63, ((header >> 6) & 63) / 31.5 - 1, ((header >> 12) & 63) / 31.5 - 1]
  const blue = l - (2 / 3) * p
  const red = (3 * l - blue + q) / 2
  return {
    colour: [red, red - q, blue].map((c) => Math.round(c * 255)),
    lying: (shape & 0x8000) !== 0,
    hasAlpha: (header & 0x800000) !== 0,
    waves: shape & 7,
  }
}

test('thumbhash: known pictures have the hashes that the reference encoder gives', () => {
  const busy = (x: number, y: number) => [(x * 5 + y * 2) % 256, (200 - x + y * 3) % 256, (x * x + y * y) % 256]
  const faded = (x: number, y: number) => [...busy(x, y), (x * 4) % 256]
  for (const [width, height, colourAt, hash] of [
    [100, 75, busy, 'HwgGJY6HJ3dfN6fIdzqoV4dfiQhm'],
    [32, 100, busy, 'YfgFGhxGBOiJiog0aBR/dgU='],
    [1, 1, busy, 'EHsgz2II9wiIh4hwj3CI+AiIgIAI94cP'],
    [60, 60, faded, '3+eFHQg3SZhPtZdHmUpPtgKqcHd4iIeIdw=='],
    [99, 7, faded, 'otiFAYQmmYCHh3jvhwifhwbEeIiIh3g='],
  ] as const)
    assert.equal(thumbhashOf(picture(width, height, colourAt)), hash)
})

test('thumbhash: the header tells the mean colour, the shape and whether there is transparency', () => {
  const flat = headerOf(thumbhashOf(picture(100, 50, () => [200, 120, 40])))
  for (const [channel, value] of [200, 120, 40].entries()) assert.ok(Math.abs((flat.colour[channel] ?? 999) - value) <= 8)
  assert.deepEqual([flat.lying, flat.hasAlpha, flat.waves], [true, false, 4])
  const standing = headerOf(thumbhashOf(picture(40, 80, (x) => [200, 120, 40, x < 20 ? 255 : 0])))
  assert.deepEqual([standing.lying, standing.hasAlpha], [false, true])
})
