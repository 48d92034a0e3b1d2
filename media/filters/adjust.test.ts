import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EditName, editRanges } from '../../domain/edits.ts'
import { adjusterOf } from './adjust.ts'
import { lookLut } from './look.ts'

const names = (Object.keys(editRanges) as EditName[]).filter((name) => !['strength', 'vignette', 'sharpen'].includes(name))
const greys = Array.from({ length: 33 }, (_, index) => index / 32)

test('adjust: nothing asked for is nothing done', () => {
  assert.equal(adjusterOf({}), undefined)
  assert.equal(adjusterOf({ brightness: 0, strength: 50 }), undefined)
})

test('adjust: at either end every edit changes colours, keeps greys in order and all in range', () => {
  for (const name of names)
    for (const amount of Object.values(editRanges[name]).filter((end) => end !== 0)) {
      const adjust = adjusterOf({ [name]: amount })
      assert.ok(adjust)
      const colours = greys.map((grey) => adjust([grey, grey, grey]))
      assert.ok(
        colours.flat().every((value) => value >= 0 && value <= 1),
        name,
      )
      for (const channel of [0, 1, 2])
        assert.ok(
          colours.every((colour, index) => (colour[channel] ?? 0) >= (colours[index - 1]?.[channel] ?? 0) - 1e-9),
          `${name} ${amount}`,
        )
      assert.notDeepEqual(adjust([0.3, 0.6, 0.4]), [0.3, 0.6, 0.4], name)
    }
})

test('adjust: each goes the way its name says', () => {
  const of = (name: EditName, colour: readonly [number, number, number]) => adjusterOf({ [name]: 50 })?.(colour) ?? colour
  assert.ok(of('brightness', [0.4, 0.4, 0.4])[0] > 0.4)
  assert.ok(of('contrast', [0.8, 0.2, 0.5])[0] > 0.8 && of('contrast', [0.8, 0.2, 0.5])[1] < 0.2)
  assert.ok(of('warmth', [0.5, 0.5, 0.5])[0] > of('warmth', [0.5, 0.5, 0.5])[2])
  assert.ok(of('saturation', [0.6, 0.4, 0.4])[0] > 0.6)
  assert.ok(of('fade', [0, 0, 0])[0] > 0 && of('fade', [1, 1, 1])[0] < 1)
  assert.ok(of('highlights', [0.8, 0.8, 0.8])[0] - 0.8 > of('highlights', [0.2, 0.2, 0.2])[0] - 0.2)
  assert.ok(of('shadows', [0.2, 0.2, 0.2])[0] - 0.2 > of('shadows', [0.8, 0.8, 0.8])[0] - 0.8)
})

test('look: edits come after the filter, in the centre and in the corners, and need no filter', () => {
  const [plain, grey] = [lookLut({ filter: 'toaster' }), lookLut({ filter: 'toaster', edits: { saturation: -100 } })]
  assert.ok(plain.corners && grey.corners)
  for (const values of [grey.values, grey.corners])
    for (let at = 0; at < values.length; at += 3) assert.ok(Math.abs((values[at] ?? 0) - (values[at + 2] ?? 0)) < 1e-6)
  assert.equal(lookLut({ filter: null, edits: { brightness: 10 } }).corners, undefined)
  assert.notDeepEqual(lookLut({ filter: 'toaster', edits: { strength: 40 } }).values, plain.values)
})

test('look: a vignette leaves the centre alone and darkens the corners, of a filter with corners and of none', () => {
  for (const filter of [null, 'clarendon', 'toaster']) {
    const [plain, vignetted] = [lookLut({ filter }), lookLut({ filter, edits: { vignette: 50 } })]
    assert.deepEqual(vignetted.values, plain.values)
    const before = plain.corners ?? plain.values
    assert.ok(vignetted.corners?.every((value, at) => Math.abs(value - (before[at] ?? 0) * 0.6) < 1e-6))
  }
})
