import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mixersOf } from '../filter.ts'
import { filterNamed } from '../index.ts'
import { applyLut } from '../apply-lut.ts'
import { lutOf } from '../lut.ts'
import { fitFilter } from './choose.ts'
import { meanDifference } from './colour-difference.ts'
import type { Pair } from './pairs.ts'
import { sourceText } from './source-text.ts'

const side = 240
/** Neighbours are alike, as they are in photos. */
const PATCH = 6
let seed = 7
const random = () => (seed = (seed * 48_271) % 2_147_483_647) % 256
const photo = (name: string, filter: string): Pair => {
  const patches = Uint8Array.from({ length: (side / PATCH) ** 2 * 3 }, random)
  const before = Uint8Array.from({ length: side * side * 3 }, (_, at) => {
    const [x, y] = [Math.floor((at / 3) % side), Math.floor(at / 3 / side)]
    return patches[3 * (Math.floor(y / PATCH) * (side / PATCH) + Math.floor(x / PATCH)) + (at % 3)] ?? 0
  })
  const after = Uint8Array.from(before)
  applyLut({ data: after, width: side, height: side, channels: 3 }, lutOf(filterNamed(filter)))
  return { photo: name, width: side, height: side, before, after }
}

test('fit: finds a filter again from what it made of photos, with its corners only where it has some', () => {
  for (const name of ['gingham', 'sutro']) {
    const { leftOut, radial } = fitFilter(['a', 'b', 'c'].map((letter) => photo(letter, name)))
    assert.ok(leftOut < 1.5, `${name}: ${leftOut}`)
    assert.equal(radial === undefined, filterNamed(name).radial === undefined)
  }
})

test('fit: the difference of black and white is 100, of a colour to itself none', () => {
  assert.ok(Math.abs(meanDifference(new Uint8Array([0, 0, 0]), new Uint8Array([255, 255, 255])) - 100) < 0.01)
  assert.equal(meanDifference(new Uint8Array([10, 200, 30]), new Uint8Array([10, 200, 30])), 0)
})

test("fit: a filter's file says all of its coefficients", () => {
  const filter = filterNamed('1977')
  const text = sourceText(filter)
  assert.match(text, /export const _1977: Filter = \{/)
  for (const coefficient of filter.colour.blue) assert.ok(text.includes(String(coefficient)))
  for (const curve of filter.curves?.blue ?? []) assert.ok(text.includes(`[${curve.join(', ')}],`))
  assert.ok(text.split('\n').length <= 90)
})

test('fit: a bend is followed that no polynomial has', () => {
  const bent = ['a', 'b', 'c'].map((name) => {
    const pair = photo(name, 'gingham')
    return { ...pair, after: pair.before.map((value) => Math.max(96, value)) }
  })
  const { leftOut } = fitFilter(bent)
  assert.ok(leftOut < 1, String(leftOut))
})

test('fit: no grey is made darker than the one before it, whatever photos show', () => {
  // Dark colours come out light, so that a smooth curve through all of them would dip.
  const dipping = ['a', 'b'].map((name) => {
    const pair = photo(name, 'gingham')
    return { ...pair, after: pair.before.map((value) => (value < 80 ? 220 - 2 * value : value)) }
  })
  const { colour } = fitFilter(dipping)
  const mix = mixersOf({ colour }).centre
  const greys = Array.from({ length: 256 }, (_, value) => mix(value / 255, value / 255, value / 255))
  for (const channel of [0, 1, 2] as const)
    assert.ok(greys.every((grey, index) => grey[channel] >= (greys[index - 1]?.[channel] ?? 0) - 2 / 255))
})
