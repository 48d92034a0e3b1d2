import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseEdits } from '../../domain/edits.ts'
import { frameOf, type Rectangle } from '../../domain/framing.ts'
import {
  amountNames,
  framingOf,
  lookOf,
  parametersOf,
  rectangleAfter,
  rectangleBefore,
  seenSize,
  type Setting,
  turned,
  type turns,
  untouched,
} from './setting.ts'

const photo = { width: 4000, height: 3000 }
const crop: Rectangle = { left: 400.4, top: 300, width: 1000, height: 500 }

test('setting: nothing that was touched is no parameter at all', () => {
  assert.deepEqual(parametersOf(untouched), {})
  assert.deepEqual(parametersOf({ ...untouched, amounts: { fade: 0 }, strength: 40 }), {})
})

test('setting: what the API reads of the parameters is what was set', () => {
  fc.assert(
    fc.property(
      fc.record({
        filter: fc.constantFrom(null, 'clarendon'),
        strength: fc.integer({ min: 0, max: 100 }),
        amounts: fc.dictionary(fc.constantFrom(...amountNames), fc.integer({ min: 0, max: 100 })),
        orientation: fc.integer({ min: 1, max: 8 }),
        straighten: fc.integer({ min: -50, max: 50 }).map((half) => half / 2),
        aspect: fc.constant(null),
        crop: fc.constantFrom(null, crop),
      }),
      (setting: Setting) => {
        const parameters = parametersOf(setting)
        const edits = parseEdits((name) => parameters[name] ?? null, setting.filter)
        assert.equal(parameters['filter'] ?? null, setting.filter)
        const { framing, ...colours } = edits ?? {}
        assert.deepEqual(framing, framingOf(setting))
        assert.deepEqual(colours, lookOf(setting).edits ?? {})
      },
    ),
  )
})

test('setting: turning is seen as such, whatever was done before', () => {
  const after = (...steps: (keyof typeof turns)[]) =>
    steps.reduce((setting, turn) => turned(setting, turn), { ...untouched, straighten: 5, aspect: 2 })
  assert.equal(after('left', 'right').orientation, 1)
  assert.equal(after('right', 'right', 'right', 'right').orientation, 1)
  assert.equal(after('mirror', 'flip').orientation, after('right', 'right').orientation)
  assert.deepEqual([after('right').aspect, after('mirror').aspect], [0.5, 2])
  assert.deepEqual([after('right').straighten, after('mirror').straighten, after('mirror', 'flip').straighten], [5, -5, 5])
  // Mirrored, then turned to the right: what was at the right is now at the bottom left of where it would be unmirrored.
  assert.deepEqual(framingOf({ ...after('mirror', 'right'), straighten: 0 }), { flip: 'horizontal', rotate: 90 })
  assert.deepEqual(framingOf({ ...after('right', 'mirror'), straighten: 0 }), { flip: 'horizontal', rotate: 270 })
})

test('setting: a box over the turned photo is the same piece of it before and after', () => {
  for (const orientation of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const seen = seenSize(photo, orientation)
    const box = { left: 100, top: 200, width: 300, height: 400 }
    const before = rectangleBefore(box, photo, orientation)
    assert.deepEqual(rectangleAfter(before, photo, orientation), box)
    const frame = frameOf(photo, framingOf({ ...untouched, orientation, crop: before }) ?? {})
    assert.deepEqual({ width: frame.width, height: frame.height }, { width: 300, height: 400 })
    assert.deepEqual(frameOf(photo, framingOf({ ...untouched, orientation }) ?? {}).width, seen.width)
  }
})
