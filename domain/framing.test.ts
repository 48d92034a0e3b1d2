import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { codeOf } from './errors.ts'
import {
  type Framing,
  frameOf,
  largestWithin,
  orientationAfter,
  parseFraming,
  sizeBeforeStraightening,
  storedRectangle,
  turningOf,
} from './framing.ts'
import { planImage } from './plan-image.ts'
import { planVideo } from './plan-video.ts'
import { standard } from './presets/standard.ts'

const parsed = (query: string) => parseFraming((name) => new URLSearchParams(query).get(name))

test('framing: what is asked for is read, what changes nothing is left out', () => {
  assert.equal(parsed('rotate=0&straighten=0&crop=&flip='), undefined)
  assert.deepEqual(parsed('crop=10,20,300,400&rotate=270&flip=vertical&straighten=-2.25'), {
    crop: { unit: 'pixels', x: 10, y: 20, width: 300, height: 400 },
    flip: 'vertical',
    rotate: 270,
    straighten: -2.25,
  })
  assert.deepEqual(parsed('crop=pct:0,12.5,100,75')?.crop, { unit: 'percent', x: 0, y: 12.5, width: 100, height: 75 })
})

test('framing: what is not well formed or out of range is EDIT_INVALID', () => {
  const crops = [
    '1,2,3',
    '1,2,3,4,5',
    '-1,0,9,9',
    '0,0,0,9',
    '0.5,0,9,9',
    'pct:100,0,9,9',
    'pct:0,0,0,9',
    'pct:-1,0,9,9',
    'all',
    '1e3,0,9,9',
  ]
  const queries = ['rotate=45', 'rotate=-90', 'flip=both', 'straighten=45.5', 'straighten=-46', 'straighten=1.234', 'straighten=x']
  for (const query of [...crops.map((crop) => `crop=${crop}`), ...queries])
    assert.throws(
      () => parsed(query),
      (error) => codeOf(error) === 'EDIT_INVALID',
      query,
    )
})

test('framing: a crop is cut off at the edges of the picture, and one that leaves next to nothing is EDIT_INVALID', () => {
  const of = { width: 400, height: 300 }
  const crop = (x: number, y: number, width: number, height: number, unit: 'pixels' | 'percent' = 'pixels'): Framing => ({
    crop: { unit, x, y, width, height },
  })
  assert.deepEqual(frameOf(of, crop(300, 200, 300, 300)).crop, { left: 300, top: 200, width: 100, height: 100 })
  assert.deepEqual(frameOf(of, crop(25, 10, 50, 100, 'percent')).crop, { left: 100, top: 30, width: 200, height: 270 })
  for (const framing of [crop(400, 0, 50, 50), crop(390, 0, 50, 50), crop(0, 0, 15, 100), crop(0, 0, 0.001, 100, 'percent')])
    assert.throws(
      () => frameOf(of, framing),
      (error) => codeOf(error) === 'EDIT_INVALID',
    )
  assert.equal(frameOf({ width: 9, height: 9 }, crop(0, 0, 9, 9)).width, 9)
})

test('framing: photos and videos are planned at the size that is shown', () => {
  const edits = { framing: { crop: { unit: 'percent', x: 0, y: 0, width: 50, height: 100 }, rotate: 90 } } as const
  const photo = { type: 'image/jpeg', width: 3000, height: 4000, orientation: 6, frames: 1, hasAlpha: false, heldWhole: false } as const
  const image = planImage({ ...photo, decodeBytesPerPixel: 3 }, standard, { filter: null, edits, version: 1 })
  assert.deepEqual([image.width, image.height], [3000, 2000])
  assert.deepEqual(
    [...new Set(image.renditions.map(({ width, height }) => `${width}x${height}`))],
    ['1440x960', '1080x720', '640x427', '320x213', '150x100'],
  )
  const clip = {
    durationMs: 4000,
    width: 1920,
    height: 1080,
    fps: 25,
    startSeconds: 0,
    videoCodec: 'h264',
    videoStreamIndex: 0,
    audio: null,
  }
  const video = planVideo(clip, standard, { filter: null, edits })
  assert.deepEqual([video.width, video.height, video.rungs[0]?.name], [1080, 960, '720p'])
})

const sides = fc.integer({ min: 1, max: 5000 })
const framings: fc.Arbitrary<Framing> = fc.record(
  {
    flip: fc.constantFrom('horizontal' as const, 'vertical' as const),
    rotate: fc.constantFrom(90 as const, 180 as const, 270 as const),
    straighten: fc.double({ min: -45, max: 45, noNaN: true }),
  },
  { requiredKeys: [] },
)

test('framing: what is kept of a straightened picture lies within it, and no larger rectangle of its shape would', () => {
  fc.assert(
    fc.property(sides, sides, fc.double({ min: -45, max: 45, noNaN: true }), (width, height, degrees) => {
      const kept = largestWithin({ width, height }, degrees)
      const angle = (Math.abs(degrees) * Math.PI) / 180
      // The half diagonal's reach along the sides of the turned picture.
      const across = kept.width * Math.cos(angle) + kept.height * Math.sin(angle)
      const down = kept.width * Math.sin(angle) + kept.height * Math.cos(angle)
      assert.ok(across <= width * (1 + 1e-9) && down <= height * (1 + 1e-9))
      assert.ok(Math.max(across / width, down / height) > 1 - 1e-9)
    }),
  )
})

test('framing: where rounding makes one side too short for what is shown, it is made longer', () => {
  const frame = frameOf({ width: 4220, height: 3032 }, { straighten: -3.7073677830560254 })
  const kept = largestWithin(sizeBeforeStraightening(frame, frame), frame.straighten)
  assert.ok(kept.width >= frame.width && kept.height >= frame.height)
})

test('framing: before straightening the picture is large enough for what is shown, and keeps its shape', () => {
  fc.assert(
    fc.property(sides, sides, framings, (width, height, framing) => {
      const frame = frameOf({ width, height }, framing)
      const before = sizeBeforeStraightening(frame, frame)
      const kept = largestWithin(before, frame.straighten)
      assert.ok(kept.width >= frame.width - 1e-6 && kept.height >= frame.height - 1e-6)
      // Of a picture a pixel or two wide less than a pixel may be left; only then is it enlarged.
      if (frame.width > 1 && frame.height > 1)
        assert.ok(before.width <= Math.max(width, height) + 1 && before.height <= Math.max(width, height) + 1)
    }),
  )
})

test('framing: turning one way after another is turning once', () => {
  // Where the upper left and the upper right corner of a square end up says it all.
  const corners = (orientation: number, [x, y]: readonly [number, number]): readonly [number, number] => {
    const { mirrored, turn } = turningOf(orientation)
    let at: readonly [number, number] = mirrored ? [1 - x, y] : [x, y]
    for (let done = 0; done < turn; done += 90) at = [1 - at[1], at[0]]
    return at
  }
  for (let one = 1; one <= 8; one++)
    for (let two = 1; two <= 8; two++)
      for (const corner of [[0, 0] as const, [1, 0] as const])
        assert.deepEqual(corners(orientationAfter(one, two), corner), corners(two, corners(one, corner)), `${one} then ${two}`)
})

test('framing: a rectangle of the upright picture is found in the stored one', () => {
  const of = { width: 40, height: 30 }
  const at = { left: 1, top: 2, width: 10, height: 5 }
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8].map((orientation) => Object.values(storedRectangle(at, of, orientation))),
    [
      [1, 2, 10, 5],
      [29, 2, 10, 5],
      [29, 23, 10, 5],
      [1, 23, 10, 5],
      [2, 1, 5, 10],
      [2, 29, 5, 10],
      [23, 29, 5, 10],
      [23, 1, 5, 10],
    ],
  )
})
