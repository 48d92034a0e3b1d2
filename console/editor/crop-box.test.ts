import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { largestWithin, type Rectangle, type Size } from '../../domain/framing.ts'
import { corners, largestBox, leastSide, movedBox, ratioBeforeStraightening, reshapedBox, resizedBox } from './crop-box.ts'

const within: Size = { width: 1600, height: 1200 }
const box: Rectangle = { left: 100, top: 200, width: 800, height: 400 }

function isWithin({ left, top, width, height }: Rectangle, { width: most, height: tallest }: Size): boolean {
  return left >= -1e-6 && top >= -1e-6 && left + width <= most + 1e-6 && top + height <= tallest + 1e-6
}

test('crop-box: it is moved as far as the picture goes', () => {
  assert.deepEqual(movedBox(box, 50, -50, within), { ...box, left: 150, top: 150 })
  assert.deepEqual(movedBox(box, 5_000, 5_000, within), { ...box, left: 800, top: 800 })
  assert.deepEqual(movedBox(box, -5_000, -5_000, within), { ...box, left: 0, top: 0 })
})

test('crop-box: a corner is moved and the one opposite stays', () => {
  assert.deepEqual(resizedBox(box, 'se', { right: 100, down: 100 }, within, null), { ...box, width: 900, height: 500 })
  assert.deepEqual(resizedBox(box, 'nw', { right: 100, down: 100 }, within, null), { left: 200, top: 300, width: 700, height: 300 })
  assert.deepEqual(resizedBox(box, 'ne', { right: 9_999, down: -9_999 }, within, null), { left: 100, top: 0, width: 1500, height: 600 })
  assert.equal(resizedBox(box, 'se', { right: -9_999, down: 0 }, within, null).width, leastSide(within))
})

test('crop-box: whatever is done to it, it stays within, keeps its ratio and can be taken hold of', () => {
  const sizes = fc.record({ width: fc.integer({ min: 16, max: 9_000 }), height: fc.integer({ min: 16, max: 9_000 }) })
  const moves = fc.array(
    fc.record({
      corner: fc.constantFrom(null, ...corners),
      right: fc.integer({ min: -9_999, max: 9_999 }),
      down: fc.integer({ min: -9_999, max: 9_999 }),
    }),
    { maxLength: 8 },
  )
  fc.assert(
    fc.property(sizes, fc.constantFrom(1, 4 / 5, 1.91, 16 / 9), moves, (size, ratio, steps) => {
      let now = largestBox(ratio, size)
      for (const { corner, right, down } of steps)
        now = corner === null ? movedBox(now, right, down, size) : resizedBox(now, corner, { right, down }, size, ratio)
      now = reshapedBox(now, ratio, size)
      assert.ok(isWithin(now, size), JSON.stringify(now))
      assert.ok(Math.abs(now.width / now.height - ratio) < 1e-6)
      // A picture of a very other shape than the ratio has no room for more.
      const roomiest = Math.min(size.width, size.height * ratio, size.height, size.width / ratio)
      assert.ok(Math.min(now.width, now.height) >= Math.min(leastSide(size), roomiest) - 1e-6)
    }),
  )
})

test('crop-box: what is left of it when it is straightened has the ratio that was asked for', () => {
  for (const wanted of [1, 4 / 5, 1.91, 16 / 9])
    for (const degrees of [0, 0.5, -7, 12, 25]) {
      const ratio = ratioBeforeStraightening(wanted, degrees)
      const left = largestWithin({ width: 1000 * ratio, height: 1000 }, degrees)
      assert.ok(Math.abs(left.width / left.height - wanted) < 1e-9, `${wanted} at ${degrees}`)
    }
})
