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
import { wideSourceOf } from './wide-source.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

const profile = displayP3()
/** As a P3 screen has it; in sRGB its red would be beyond 1. */
const redder: Dot = [240, 40, 30]
const muted: Dot = [140, 120, 110]

/** A PNG of one colour in 16 bits per channel. */
async function deepFlat([red, green, blue]: readonly number[]): Promise<Buffer> {
  const pixel = [red, green, blue].map((value) => 257 * (value ?? 0))
  const data = Uint16Array.from({ length: 3 * 400 * 400 }, (_, at) => pixel[at % 3] ?? 0)
  return await sharp(data, { raw: { width: 400, height: 400, channels: 3 } })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
}

async function developed(bytes: Buffer, look: Look = { filter: null }) {
  const plan = planImage(examine(bytes, limits).probe, full, { ...look, version: 1 })
  return await studio.develop(bytes, plan, {})
}

test('p3: the profile that is written is one, to us and to a colour engine', async () => {
  assert.ok(isDisplayP3(profile))
  assert.ok(!isDisplayP3(profile.subarray(0, 200)))
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

/** Columns of D50 XYZ: Adobe RGB (1998), annex A, adapted by Bradford, and ROMM RGB (ISO 22028-2), which is ProPhoto's. */
const adobe = [
  [0.60974, 0.31111, 0.01947],
  [0.20528, 0.62567, 0.06087],
  [0.14919, 0.06322, 0.74457],
] as const
const proPhoto = [
  [0.79767, 0.28804, 0],
  [0.13519, 0.71188, 0],
  [0.03135, 0.00009, 0.8251],
] as const

/** The colour in P3 by libvips' lcms: with 16 bits and a profile it works there. */
async function peer(colour: Dot, icc: Uint8Array): Promise<number[]> {
  const png = withChunks(await deepFlat(colour), iccChunk(icc))
  const pixels = await sharp(png).toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer()
  return [0, 2, 4].map((at) => pixels.readUInt16LE(at) / 257)
}

test('p3: Adobe RGB and ProPhoto go to P3 where sRGB does not have their colours, as a colour engine does it', async () => {
  const green: Dot = [60, 200, 60]
  const skin: Dot = [150, 130, 120]
  for (const [columns, gamma] of [
    [adobe, 563 / 256],
    [proPhoto, 461 / 256],
  ] as const) {
    const wide = matrixProfile(columns, gamma, 'wide')
    for (const source of [
      withSegments(await flat(green, 'jpeg', 400), iccSegment(wide)),
      withChunks(await flat(green, 'png', 400), iccChunk(wide)),
      withChunks(await deepFlat(green), iccChunk(wide)),
      // Its red and blue are beyond sRGB in ProPhoto; of Adobe RGB these primaries are sRGB's own.
      ...(columns === proPhoto ? [heif({ properties: [properties.profile(wide)] })] : []),
    ]) {
      const isHeif = source.includes('ftypheic')
      for (const { name, data } of (await developed(source)).files) {
        const file = Buffer.from(data)
        const { icc } = await sharp(file).metadata()
        assert.ok(icc && isDisplayP3(icc), name)
        if (isHeif) continue
        const shown = await sharp(file, { ignoreIcc: true }).removeAlpha().raw().toBuffer()
        for (const [channel, value] of (await peer(green, wide)).entries())
          assert.ok(Math.abs((shown[channel] ?? 0) - value) <= 6, `${name} ${[...shown.subarray(0, 3)].join()}`)
      }
    }
    for (const { name, data } of (await developed(withSegments(await flat(skin, 'jpeg', 400), iccSegment(wide)))).files) {
      assert.equal((await sharp(Buffer.from(data)).metadata()).icc, undefined, name)
      const seen = await middleOf(withChunks(await flat(skin), iccChunk(wide)))
      const shown = await sharp(Buffer.from(data)).removeAlpha().raw().toBuffer()
      for (const [channel, value] of seen.entries()) assert.ok(Math.abs((shown[channel] ?? 0) - value) <= 3, name)
    }
  }
})

test('p3: a profile that is damaged, of tables, or no wider than sRGB is none of it', () => {
  const wide = matrixProfile(adobe, 2.2, 'wide')
  assert.equal(wideSourceOf(wide)?.is, 'matrix')
  assert.equal(wideSourceOf(profile)?.is, 'p3')
  for (let cut = 0; cut < wide.length; cut += 7) assert.equal(wideSourceOf(wide.subarray(0, cut)), null, `cut at ${cut}`)
  const named = (from: string, to: string) => Buffer.from(wide.toString('latin1').replace(from, to), 'latin1')
  assert.equal(wideSourceOf(named('cprt', 'A2B0')) ?? wideSourceOf(named('wtpt', 'A2B0')), null)
  assert.equal(wideSourceOf(named('rXYZ', 'qXYZ')), null)
  const srgb = [
    [0.43607, 0.22249, 0.01392],
    [0.38515, 0.71687, 0.09708],
    [0.14307, 0.06061, 0.7141],
  ] as const
  assert.equal(wideSourceOf(matrixProfile(srgb, 2.2, 'not wide')), null)
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
