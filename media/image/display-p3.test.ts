import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { full } from '../../domain/presets/full.ts'
import type { Look } from '../../domain/edits.ts'
import { displayP3, exceedsSrgb, isDisplayP3, srgbOf } from './display-p3.ts'
import { examine } from './examine.ts'
import { heif, properties } from './specimens-heif.ts'
import { type Dot, flat, iccChunk, iccSegment, matrixProfile, middleOf, withChunks, withSegments } from './specimens.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

const profile = displayP3()
/** As a P3 screen has it; in sRGB its red would be beyond 1. */
const redder: Dot = [240, 40, 30]
const muted: Dot = [140, 120, 110]

async function developed(bytes: Buffer, look: Look = { filter: null }) {
  const plan = planImage(examine(bytes, limits).probe, full, { ...look, version: 1 })
  return await studio.develop(bytes, plan, {})
}

test('p3: the profile that is written is one, to us and to a colour engine', async () => {
  assert.ok(isDisplayP3(profile))
  assert.ok(!isDisplayP3(profile.subarray(0, 200)))
  const adobe = [
    [0.60974, 0.31111, 0.01947],
    [0.20528, 0.62567, 0.06087],
    [0.14919, 0.06322, 0.74457],
  ] as const
  assert.ok(!isDisplayP3(matrixProfile(adobe, 2.2, 'Adobe')))
  const peer = await sharp(await flat(redder))
    .withIccProfile('p3')
    .toBuffer()
  assert.ok(isDisplayP3((await sharp(peer).metadata()).icc ?? new Uint8Array()), 'as libvips writes it')
  // lcms reads ours: a muted colour comes out as our own arithmetic has it.
  const tagged = withChunks(await flat(muted), iccChunk(profile))
  const { data } = srgbOf({ data: Buffer.from(muted), width: 1, height: 1, channels: 3 })
  for (const [index, value] of (await middleOf(tagged)).entries()) assert.ok(Math.abs(value - (data[index] ?? 0)) <= 1)
})

test('p3: colours that sRGB does not have stay, with the profile that says how they are meant', async () => {
  for (const [source, alpha] of [
    [withSegments(await flat(redder, 'jpeg', 400), iccSegment(profile)), false],
    [withChunks(await flat(redder, 'png', 400), iccChunk(profile)), false],
    [withChunks(await flat([...redder, 128], 'png', 400), iccChunk(profile)), true],
  ] as const) {
    const { files, appearance } = await developed(source)
    assert.match(appearance.palette[0]?.colour ?? '', /^#f/, 'placeholders are sRGB')
    for (const { name, data, type } of files) {
      const file = Buffer.from(data)
      const seen = await sharp(file).metadata()
      assert.ok(seen.icc && isDisplayP3(seen.icc), name)
      assert.equal(seen.hasAlpha, alpha && type !== 'image/jpeg', name)
      if (alpha && type === 'image/jpeg') continue
      const shown = await sharp(file, { ignoreIcc: true }).removeAlpha().raw().toBuffer()
      for (const [index, value] of redder.entries())
        assert.ok(Math.abs((shown[index] ?? 0) - value) <= 6, `${name} ${String(shown.subarray(0, 3))}`)
      // A colour engine that goes by the profile sees a red at sRGB's edge.
      assert.ok(((await sharp(file).removeAlpha().raw().toBuffer())[0] ?? 0) >= 250, name)
    }
  }
})

test('p3: everywhere else it is sRGB without a profile', async () => {
  for (const bytes of [
    withSegments(await flat(muted, 'jpeg', 400), iccSegment(profile)),
    withChunks(await flat(muted, 'png', 400), iccChunk(profile)),
    await flat(redder, 'jpeg', 400),
    heif({ properties: [properties.profile(profile)] }),
  ])
    for (const { name, data } of (await developed(bytes)).files)
      assert.equal((await sharp(Buffer.from(data)).metadata()).icc, undefined, name)
  const source = withSegments(await flat(redder, 'jpeg', 400), iccSegment(profile))
  for (const look of [{ filter: 'clarendon' }, { filter: null, edits: { warmth: 10 } }])
    for (const { name, data } of (await developed(source, look)).files)
      assert.equal((await sharp(Buffer.from(data)).metadata()).icc, undefined, name)
})

test('p3: a few stray pixels are no reason', () => {
  const data = Buffer.concat([Buffer.from(redder), ...Array.from({ length: 2_000 }, () => Buffer.from(muted))])
  assert.ok(!exceedsSrgb({ data, width: 2_001, height: 1, channels: 3 }))
  assert.ok(
    exceedsSrgb({
      data: Buffer.concat([data, ...Array.from({ length: 10 }, () => Buffer.from(redder))]),
      width: 2_011,
      height: 1,
      channels: 3,
    }),
  )
})
