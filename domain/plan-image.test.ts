import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from './errors.ts'
import { limits } from './limits.ts'
import { admitImage, planImage, planPoster } from './plan-image.ts'
import type { ImagePlan, ImageProbe } from './plans.ts'
import { presets } from './presets/index.ts'
import { standard } from './presets/standard.ts'

const probe: ImageProbe = {
  type: 'image/jpeg',
  width: 4032,
  height: 3024,
  orientation: 1,
  frames: 1,
  hasAlpha: false,
  heldWhole: false,
  decodeBytesPerPixel: 3,
}
const lines = (plan: ImagePlan) => plan.renditions.map((r) => `${r.name} ${r.width}x${r.height} q${r.quality} 0x${r.alt.toString(16)}`)

test('plan-image: a 12 MP photo gets the whole ladder, largest first', () => {
  const plan = planImage(probe, standard, { filter: 'clarendon', version: 1 })
  assert.deepEqual([plan.width, plan.height, plan.filter], [4032, 3024, 'clarendon'])
  assert.deepEqual(lines(plan), [
    'w1440.jpg 1440x1080 q80 0x1000000',
    'w1440.webp 1440x1080 q78 0x1000001',
    'w1080.jpg 1080x810 q80 0x1000002',
    'w1080.webp 1080x810 q78 0x1000003',
    'w640.jpg 640x480 q80 0x1000004',
    'w640.webp 640x480 q78 0x1000005',
    'w320.jpg 320x240 q80 0x1000006',
    'w320.webp 320x240 q78 0x1000007',
    'w150.jpg 150x113 q80 0x1000008',
    'w150.webp 150x113 q78 0x1000009',
  ])
})

test('plan-image: a photo lying on its side is planned upright', () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    const plan = planImage({ ...probe, orientation }, standard, { filter: null, version: 2 })
    const upright = orientation >= 5
    assert.deepEqual([plan.width, plan.height], upright ? [3024, 4032] : [4032, 3024])
    assert.equal(lines(plan)[0], upright ? 'w1440.jpg 1440x1920 q80 0x2000000' : 'w1440.jpg 1440x1080 q80 0x2000000')
  }
})

test('plan-image: nothing is scaled up', () => {
  assert.deepEqual(lines(planImage({ ...probe, width: 700, height: 100 }, standard, { filter: null, version: 1 })), [
    'w640.jpg 640x91 q80 0x1000000',
    'w640.webp 640x91 q78 0x1000001',
    'w320.jpg 320x46 q80 0x1000002',
    'w320.webp 320x46 q78 0x1000003',
    'w150.jpg 150x21 q80 0x1000004',
    'w150.webp 150x21 q78 0x1000005',
  ])
  assert.deepEqual(lines(planImage({ ...probe, width: 149, height: 5_000 }, standard, { filter: null, version: 1 })), [
    'w149.jpg 149x5000 q80 0x1000000',
    'w149.webp 149x5000 q78 0x1000001',
  ])
})

test('plan-image: no rendition has a side of none or one that a format cannot hold', () => {
  assert.equal(planImage({ ...probe, width: 16_384, height: 1 }, standard, { filter: null, version: 1 }).renditions.at(-1)?.height, 1)
  for (const plan of [
    planImage({ ...probe, width: 1, height: 16_384 }, standard, { filter: null, version: 1 }),
    planImage({ ...probe, width: 1_440, height: 16_384 }, standard, { filter: null, version: 1 }),
  ])
    for (const rendition of plan.renditions) assert.ok(rendition.height >= 1 && rendition.height <= 16_383)
})

test('plan-image: a picture between two widths keeps its own, unless it is next to nothing wider', () => {
  const widths = (width: number) => [
    ...new Set(planImage({ ...probe, width, height: width }, standard, { filter: null, version: 1 }).renditions.map((r) => r.width)),
  ]
  assert.deepEqual(widths(4_000), [1440, 1080, 640, 320, 150])
  assert.deepEqual(widths(1_440), [1440, 1080, 640, 320, 150])
  assert.deepEqual(widths(1_300), [1300, 1080, 640, 320, 150])
  assert.deepEqual(widths(1_100), [1080, 640, 320, 150])
  assert.deepEqual(widths(307), [307, 150])
  assert.deepEqual(widths(160), [150])
  assert.deepEqual(widths(64), [64])
})

test('plan-image: a poster has names and places of its own', () => {
  assert.deepEqual(lines(planPoster(1920, 1080, standard, 3)), [
    'poster-w1080.jpg 1080x608 q80 0x3100000',
    'poster-w1080.webp 1080x608 q78 0x3100001',
    'poster-w640.jpg 640x360 q80 0x3100002',
    'poster-w640.webp 640x360 q78 0x3100003',
    'poster-w320.jpg 320x180 q80 0x3100004',
    'poster-w320.webp 320x180 q78 0x3100005',
  ])
})

test('plan-image: in every preset names and alternate keys are unique, sizes fall', () => {
  for (const preset of presets)
    for (const [width, height] of [
      [9000, 6000],
      [1080, 1920],
      [321, 320],
      [5, 5],
    ] as const) {
      const { renditions } = planImage({ ...probe, width, height }, preset, { filter: null, version: 255 })
      assert.equal(new Set(renditions.map((r) => r.name)).size, renditions.length)
      assert.equal(new Set(renditions.map((r) => r.alt)).size, renditions.length)
      assert.ok(renditions.every((r, index) => r.width <= width && r.width <= (renditions[index - 1]?.width ?? Infinity)))
    }
})

test('plan-image: what costs too much is refused from its header', () => {
  const code = (changed: Partial<ImageProbe>, changedLimits = {}) => {
    try {
      admitImage({ ...probe, ...changed }, { ...limits, ...changedLimits })
      return null
    } catch (error) {
      return codeOf(error)
    }
  }
  assert.equal(code({}), null)
  assert.equal(code({ width: 10_000, height: 6_000 }), null)
  assert.equal(code({ width: 10_000, height: 6_001 }), 'MEDIA_TOO_MANY_PIXELS')
  assert.equal(code({ width: 16_385, height: 1 }), 'MEDIA_TOO_MANY_PIXELS')
  assert.equal(code({ width: 8_000, height: 7_500, heldWhole: true, decodeBytesPerPixel: 8 }), null)
  assert.equal(code({ width: 8_000, height: 7_500, heldWhole: true, decodeBytesPerPixel: 9 }), 'MEDIA_TOO_COSTLY')
  assert.equal(
    code({ width: 8_000, height: 7_500, heldWhole: false, decodeBytesPerPixel: 9 }),
    null,
    'row by row the same pixels cost little',
  )
})
