import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ImageProbe } from './plans.ts'
import { planImage } from './plan-image.ts'
import { planVariants } from './plan-variants.ts'
import { full } from './presets/full.ts'
import { standard } from './presets/standard.ts'
import { faultOfVariantRequest, fittedVariant, formatFor, formatVariantRequest, parseVariantRequest, variantName } from './variant.ts'

const probe: ImageProbe = {
  type: 'image/jpeg',
  width: 4000,
  height: 3000,
  orientation: 1,
  frames: 1,
  hasAlpha: false,
  heldWhole: false,
  decodeBytesPerPixel: 3,
}
const share = fc.double({ min: 0, max: 1, noNaN: true })
const item = { filter: null, version: 3 }

test('variant: a request has one text, and only that is read', () => {
  const requests = fc.record(
    {
      width: fc.integer({ min: 1, max: 4096 }),
      height: fc.integer({ min: 1, max: 4096 }),
      filter: fc.constantFrom('clarendon', '1977', 'none'),
      autoQuality: fc.constant(true as const),
      format: fc.constantFrom('auto', 'avif', 'webp', 'jpeg'),
    },
    { requiredKeys: ['width', 'format'], noNullPrototype: true },
  )
  fc.assert(fc.property(requests, (request) => assert.deepEqual(parseVariantRequest(formatVariantRequest(request), 4096), request)))
  assert.deepEqual(parseVariantRequest('w_400,h_300,c_fill,f_auto', 4096), { width: 400, height: 300, fill: true, format: 'auto' })
  for (const wrong of [
    '',
    'w_800',
    'f_auto',
    'f_auto,w_800',
    'w_0800,f_auto',
    'w_0,f_auto',
    'w_4097,f_auto',
    'w_10,h_4097,f_auto',
    'w_10,c_fill,f_auto',
    'w_800,f_png',
    'w_800,f_auto,',
    'W_800,f_auto',
    'w_800,q_80,f_auto',
    'w_800,l_,f_auto',
  ])
    assert.equal(parseVariantRequest(wrong, 4096), null, wrong)
})

test('variant: what is wrong with a request is said of every text that is none', () => {
  for (const [text, fault] of [
    ['w_800', /format is missing/],
    ['h_300,f_auto', /width is missing/],
    ['w_4097,f_auto', /"w_4097" is not w_ with a width from 1 to 4096/],
    ['w_0800,f_auto', /"w_0800" is not/],
    ['w_800,f_png', /"f_png" is not f_auto, f_avif/],
    ['w_300,h_300,c_crop,f_auto', /"c_crop" is not c_fill/],
    ['w_300,c_fill,f_auto', /needs a height/],
    ['f_auto,w_800', /in this order: w_, h_, c_, l_, q_, f_/],
    ['w_800,w_800,f_auto', /once/],
    ['w_800,width_3,f_auto', /"width_3" is none of its words/],
  ] as const)
    assert.match(faultOfVariantRequest(text, 4096) ?? '', fault, text)
  const words = fc.array(fc.constantFrom('w_800', 'h_600', 'c_fill', 'l_moon', 'q_auto', 'f_auto', 'x', ''), { maxLength: 7 })
  fc.assert(
    fc.property(words, (some) => {
      const text = some.join(',')
      assert.equal(faultOfVariantRequest(text, 4096) === null, parseVariantRequest(text, 4096) !== null, text)
    }),
  )
})

test('variant: the format is the best that is taken and not refused', () => {
  assert.equal(formatFor('image/avif,image/webp,image/apng,*/*;q=0.8'), 'avif')
  assert.equal(formatFor('text/html, image/webp;q=0.9'), 'webp')
  assert.equal(formatFor('image/avif;q=0, image/webp; q=0.0'), 'jpeg')
  assert.equal(formatFor('*/*'), 'jpeg')
  assert.equal(formatFor(undefined), 'jpeg')
})

test('variant: nothing is scaled up, and what comes to the same picture is the same variant', () => {
  const picture = { width: 1200, height: 900 }
  const nameOf = (text: string) => {
    const request = parseVariantRequest(text, 4096)
    assert.ok(request && request.format !== 'auto')
    return variantName(fittedVariant({ ...request, format: request.format }, picture))
  }
  assert.equal(nameOf('w_800,f_webp'), 'w800.webp')
  assert.equal(nameOf('w_4000,f_webp'), 'w1200.webp')
  assert.equal(nameOf('w_800,h_300,f_jpeg'), 'w400.jpg')
  assert.equal(nameOf('w_400,h_900,f_jpeg'), 'w400.jpg')
  assert.equal(nameOf('w_300,h_300,c_fill,f_avif'), 'w300h300-fill.avif')
  assert.equal(nameOf('w_1800,h_1800,c_fill,f_avif'), 'w900h900-fill.avif')
  assert.equal(nameOf('w_240,l_1977,q_auto,f_webp'), 'w240-l-1977-auto.webp')
})

test('variant: one of a size of the ladder is planned as the ladder has it, and comes about through its larger sizes', () => {
  const ladder = planImage(probe, full, item).renditions
  for (const [index, { alt, ...eager }] of ladder.entries()) {
    const variant = { width: eager.width, format: eager.format }
    const plan = planVariants(probe, full, item, [{ variant, place: index }])
    const [{ alt: own, ...made } = { alt: -1 }] = plan.renditions
    assert.deepEqual(made, eager)
    assert.notEqual(own, alt)
    assert.equal(own >>> 24, item.version)
    assert.deepEqual(
      plan.via?.map(({ width }) => width),
      full.image.widths,
    )
  }
})

test('variant: a filled box is cut from the smallest size that covers it, around the focus', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4000 }), fc.integer({ min: 1, max: 3000 }), share, share, (width, height, x, y) => {
      const variant = fittedVariant({ width, height, fill: true as const, format: 'webp' as const }, probe)
      const [made] = planVariants(probe, standard, item, [{ variant, place: 0 }], { x, y }).renditions
      assert.ok(made?.cut)
      const { of, left, top } = made.cut
      assert.deepEqual([made.width, made.height], [width, height])
      assert.ok(left >= 0 && top >= 0 && left + width <= of.width && top + height <= of.height)
      const [atX, atY] = [of.width * x, of.height * y]
      assert.ok(atX >= left - 1 && atX <= left + width + 1 && atY >= top - 1 && atY <= top + height + 1, 'the focus is seen')
      assert.ok(of.width === width || of.height === height || of.width - width <= 2, `${of.width} x ${of.height} for ${width} x ${height}`)
      assert.ok(of.width <= probe.width && of.height <= probe.height, 'nothing is scaled up')
    }),
  )
})

test('variant: a filter of its own takes the place of the look, and not of the framing', () => {
  const framing = { rotate: 90 } as const
  const look = { filter: 'mono', edits: { brightness: 20, framing }, version: 1 }
  const plan = planVariants(probe, standard, look, [{ variant: { width: 240, filter: 'clarendon', format: 'webp' }, place: 0 }])
  assert.deepEqual([plan.filter, plan.edits, plan.renditions[0]?.look], [null, undefined, { filter: 'clarendon' }])
  assert.deepEqual([plan.width, plan.height], [3000, 4000])
  assert.ok(plan.frame)
})

test('variant: the upload as it came knows nothing of the framing and the look, and no address asks for it', () => {
  const look = { filter: 'mono', edits: { brightness: 20, framing: { rotate: 90 } }, version: 1 } as const
  const variant = { width: 9_000, untouched: true, format: 'webp' } as const
  assert.deepEqual(fittedVariant(variant, { width: 10, height: 10 }), variant)
  const plan = planVariants(probe, standard, look, [{ variant, place: 0 }])
  assert.deepEqual([plan.filter, plan.edits, plan.frame, plan.width, plan.height], [null, undefined, undefined, 4000, 3000])
  const [made] = plan.renditions
  assert.deepEqual([made?.width, made?.height], [4000, 3000])
  assert.notEqual(made?.name, variantName({ width: 9_000, format: 'webp' }))
  assert.throws(() =>
    planVariants(probe, standard, look, [
      { variant, place: 0 },
      { variant: { width: 100, format: 'webp' }, place: 1 },
    ]),
  )
})
