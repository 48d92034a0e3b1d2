import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import type { DevelopedImage } from '../../domain/developed.ts'
import { planVariants } from '../../domain/plan-variants.ts'
import type { Preset } from '../../domain/plans.ts'
import { auto } from '../../domain/presets/auto.ts'
import { credited } from '../../domain/presets/credited.ts'
import type { Look } from '../../domain/edits.ts'
import { examine } from './examine.ts'
import { type GainMapMeaning, gainMapIn } from './gain-map.ts'
import { isoOf, withGainMap } from './gain-map-jpeg.ts'
import { codedIn, heif } from './specimens-heif.ts'
import { exifSegment, flat, jpegSegment, orientationBlock, tiff, withSegments } from './specimens.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

const channel = { min: -0.25, max: 2, gamma: 0.9, baseOffset: 1 / 64, fullOffset: 1 / 64 }
const grey: GainMapMeaning = { baseHeadroom: 0, fullHeadroom: 2, channels: [channel] }
const coloured: GainMapMeaning = { ...grey, channels: [channel, { ...channel, max: 1.5 }, { ...channel, max: 1 }] }

/** Left half dark, right half bright: the gain's left value is 40, its right 220. */
async function halves(width: number, height: number, channels: 1 | 3): Promise<Buffer> {
  const data = Buffer.from(
    Array.from({ length: width * height * channels }, (_, at) => (Math.floor(at / channels) % width < width / 2 ? 40 : 220)),
  )
  const pixels = sharp(data, { raw: { width, height, channels } })
  return await (channels === 1 ? pixels.toColourspace('b-w') : pixels).jpeg({ quality: 95 }).toBuffer()
}

async function photoWith(meaning: GainMapMeaning, orientation = 1): Promise<Buffer> {
  const base = await sharp({ create: { width: 800, height: 600, channels: 3, background: '#8a7a6a' } })
    .jpeg()
    .toBuffer()
  const turned = orientation === 1 ? base : withSegments(base, exifSegment(orientationBlock(orientation)))
  return withGainMap(turned, await halves(400, 300, meaning.channels.length === 1 ? 1 : 3), meaning)
}

async function developed(bytes: Buffer, look: Look = { filter: null }, preset: Preset = standard): Promise<Buffer[]> {
  return (await whole(bytes, look, preset)).files.filter(({ type }) => type === 'image/jpeg').map(({ data }) => Buffer.from(data))
}

async function whole(bytes: Buffer, look: Look = { filter: null }, preset: Preset = standard): Promise<DevelopedImage> {
  const plan = planImage(examine(bytes, limits).probe, preset, { ...look, version: 1 })
  return await studio.develop(bytes, plan, {})
}

test('gain map: what is written is read again, in both forms, by us and by the reference library', async () => {
  for (const meaning of [grey, coloured]) {
    const photo = await photoWith(meaning)
    const read = gainMapIn(photo)
    for (const [index, expected] of meaning.channels.entries())
      for (const [key, value] of Object.entries(expected))
        assert.ok(Math.abs((read?.meaning.channels[index]?.[key as keyof typeof expected] ?? 99) - value) < 1e-5, key)
    // Without the ISO's words the XMP has to say the same.
    const older = Buffer.from(photo.toString('latin1').replaceAll('urn:iso:std:iso:ts:21496', 'urn:xxx:xxx:xxx:xx:xxxxx'), 'latin1')
    assert.deepEqual(gainMapIn(older)?.meaning.channels.length, meaning.channels.length)
    assert.ok(Math.abs((gainMapIn(older)?.meaning.channels.at(-1)?.max ?? 99) - (meaning.channels.at(-1)?.max ?? 0)) < 1e-5)
    assert.ok((await sharp(photo).metadata()).gainMap, 'libultrahdr finds it')
  }
})

test('gain map: every JPEG of a photo that has one keeps it, upright and at its own scale', async () => {
  for (const orientation of [1, 6]) {
    const files = await developed(await photoWith(grey, orientation))
    assert.ok(files.length >= 2)
    for (const file of files) {
      const map = gainMapIn(file)
      assert.ok(map, 'there')
      const { width } = await sharp(file).metadata()
      const { data, info } = await sharp(map.jpeg).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
      assert.equal(info.width, Math.round(width / 2))
      const at = (x: number, y: number) => data[Math.floor(y * info.height) * info.width + Math.floor(x * info.width)] ?? 0
      // Orientation 6 turns left to top.
      const [dark, bright] = orientation === 1 ? [at(0.2, 0.5), at(0.8, 0.5)] : [at(0.5, 0.2), at(0.5, 0.8)]
      assert.ok(Math.abs(dark - 40) < 6 && Math.abs(bright - 220) < 6, `${dark} ${bright}`)
    }
  }
})

test('gain map: a look, which changes the colours that it belongs to, ends it', async () => {
  const photo = await photoWith(grey)
  for (const look of [{ filter: 'clarendon' }, { filter: null, edits: { brightness: 20 } }])
    for (const file of await developed(photo, look)) assert.equal(gainMapIn(file), null)
})

test('gain map: what is damaged or makes no sense is left out, and the photo is shown', async () => {
  const plain = await flat([90, 120, 30], 'jpeg', 640)
  const nonsense = [
    { ...grey, fullHeadroom: 0 },
    { ...grey, channels: [{ ...channel, gamma: 0 }] },
    { ...grey, channels: [{ ...channel, max: 99 }] },
  ].map((meaning) => withGainMap(plain, plain, meaning))
  const whole = withGainMap(plain, await halves(64, 64, 1), grey)
  const cut = whole.subarray(0, whole.length - 200)
  const words = Buffer.concat([
    plain,
    Buffer.from([0xff, 0xd8, 0xff]),
    jpegSegment(0xe1, 'http://ns.adobe.com/xap/1.0/\0hdrgm:GainMapMax="x"'),
  ])
  for (const bytes of [...nonsense, cut, words]) for (const file of await developed(bytes)) assert.equal(gainMapIn(file), null)
})

/** A HEIC whose map is the picture itself: red 208 and blue 181 at the most are what its values come to. */
const apple =
  '<x:xmpmeta><rdf:Description xmlns:HDRGainMap="http://ns.apple.com/HDRGainMap/1.0/" HDRGainMap:HDRGainMapHeadroom="4" note="hdrgainmap"/></x:xmpmeta>'

test('gain map: of a HEIC or AVIF, told by the standard or by Apple, it is in every JPEG too', async () => {
  const avif = codedIn(
    await sharp({ create: { width: 64, height: 48, channels: 3, background: '#8a7a6a' } })
      .avif()
      .toBuffer(),
  )
  for (const [bytes, most] of [
    [heif({ gain: { iso: isoOf(grey) } }), channel.max],
    [heif({ gain: { iso: isoOf(coloured) } }), channel.max],
    [heif({ gain: { xmp: apple } }), 2],
    [heif({ gain: { iso: isoOf(coloured) }, coded: avif, codec: 'av01', brand: 'avif' }), channel.max],
  ] as const) {
    const { files, losses } = await whole(bytes)
    const jpegs = files.filter(({ type }) => type === 'image/jpeg')
    assert.ok(jpegs.length > 0)
    for (const { data } of jpegs) {
      const map = gainMapIn(data)
      assert.ok(map && Math.abs((map.meaning.channels[0]?.max ?? 0) - most) < 1e-4)
      const { width, height } = await sharp(Buffer.from(map.jpeg)).metadata()
      assert.deepEqual([width, height], [64, 48])
      await sharp(Buffer.from(data)).raw().toBuffer()
    }
    assert.deepEqual(losses, [])
  }
})

/** The gain map's own bytes are not what they were: the last box of the file has the picture's, then the map's. */
function damaged(file: Buffer): Buffer {
  const changed = Buffer.from(file)
  const mdat = changed.indexOf('mdat') + 4
  const frameBytes = Math.floor((changed.length - mdat - isoOf(grey).length - 1) / 2)
  changed.fill(0, mdat + frameBytes, mdat + 2 * frameBytes)
  return changed
}

test('gain map: one that says nothing understood, or that a look ends, is told as lost', async () => {
  const nonsense = isoOf({ ...grey, fullHeadroom: 0 })
  const plain = await whole(heif())
  assert.deepEqual(plain.losses, [])
  for (const [bytes, look] of [
    [heif({ gain: { iso: nonsense } }), { filter: null }],
    [heif({ gain: { xmp: '<x/>' } }), { filter: null }],
    [heif({ gain: { iso: isoOf(grey).subarray(0, 30) } }), { filter: null }],
    [damaged(heif({ gain: { iso: isoOf(grey) } })), { filter: null }],
    [heif({ gain: { iso: isoOf(grey) } }), { filter: 'clarendon' }],
    [await photoWith(grey), { filter: null, edits: { fade: 10 } }],
  ] as const) {
    const { files, losses } = await whole(bytes, look)
    assert.deepEqual(losses, ['gainMap'])
    for (const { data } of files) assert.equal(gainMapIn(data), null)
  }
})

test('gain map: rights are written beside it, in the one place that a JPEG has for both, and in variants too', async () => {
  const exif = tiff([[0x013b, 2, 4, 0x0061_6441]])
  const photo = withSegments(await photoWith(grey), exifSegment(exif))
  const adaptive: Preset = { ...credited, image: { ...credited.image, formats: auto.image.formats } }
  const variants = planVariants(examine(photo, limits).probe, credited, { filter: null, version: 1 }, [
    { variant: { width: 500, format: 'jpeg' }, place: 0 },
    { variant: { width: 300, height: 300, fill: true, format: 'jpeg' }, place: 1 },
    { variant: { width: 300, format: 'webp' }, place: 2 },
  ])
  const made = [...(await whole(photo, { filter: null }, credited)).files, ...(await whole(photo, { filter: null }, adaptive)).files]
  for (const { data, type, name } of [...made, ...(await studio.develop(photo, variants, {})).files]) {
    assert.equal(
      Buffer.from(data).toString('latin1').split('<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li>').length,
      2,
      `${name} names its maker once`,
    )
    const isCut = name.includes('fill')
    assert.equal(gainMapIn(data) !== null && type === 'image/jpeg', type === 'image/jpeg' && !isCut, name)
    await sharp(Buffer.from(data)).raw().toBuffer()
  }
})
