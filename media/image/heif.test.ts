import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import { codeOf, type ErrorCode, MediaError } from '../../domain/errors.ts'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import { standard } from '../../domain/presets/standard.ts'
import { sniff } from '../../domain/sniff.ts'
import { srgbFrom } from './code-points.ts'
import { readHeader } from './header.ts'
import { matrixProfile, orientationBlock } from './specimens.ts'
import { heif, properties } from './specimens-heif.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 1, limits })
after(async () => await studio.close())

async function develop(bytes: Uint8Array) {
  const type = sniff(bytes)
  assert.ok(typeof type === 'string')
  const { files, facts } = await studio.develop(
    bytes,
    planImage(await studio.probe(bytes, type), standard, { filter: null, version: 1 }),
    {},
  )
  const { data, info } = await sharp(files[0]?.data).raw().toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)]
  return { files, facts, width: info.width, height: info.height, at }
}
function assertNear(actual: readonly number[], expected: readonly number[], within: number, what: string): void {
  for (const [channel, value] of expected.entries())
    assert.ok(Math.abs((actual[channel] ?? 999) - value) <= within, `${what}: ${actual.join()} is not ${expected.join()}`)
}
const headerOf = (bytes: Uint8Array, type: 'image/heic' | 'image/avif' = 'image/heic') => readHeader(bytes, type)
function codeFor(bytes: Uint8Array, type: 'image/heic' | 'image/avif' = 'image/heic'): ErrorCode | null {
  try {
    headerOf(bytes, type)
    return null
  } catch (error) {
    return codeOf(error)
  }
}
const red = [208, 43, 43]
const blue = [57, 98, 181]

test('heif: a HEIC is decoded, and turned, mirrored and cut as it says', async () => {
  const plain = await develop(heif())
  assert.deepEqual([plain.width, plain.height], [64, 48])
  assertNear(plain.at(10, 24), red, 8, 'left')
  assertNear(plain.at(54, 24), blue, 8, 'right')
  const turned = await develop(heif({ properties: [properties.turned(1)] }))
  assert.deepEqual([turned.width, turned.height], [48, 64])
  assertNear(turned.at(24, 54), red, 8, 'a quarter anticlockwise brings the left side down')
  const mirrored = await develop(heif({ properties: [properties.mirrored(1)] }))
  assertNear(mirrored.at(10, 24), blue, 8, 'mirrored')
  const cut = await develop(heif({ properties: [properties.cut(32, 16)] }))
  assert.deepEqual([cut.width, cut.height], [32, 16])
})

test('heif: the profile of a HEIC is seen to, and so are code points', async () => {
  const swapped = matrixProfile(
    [
      [0.1431, 0.0606, 0.7141],
      [0.3851, 0.7169, 0.0971],
      [0.4361, 0.2225, 0.0139],
    ],
    2.2,
    'blue and red changed places',
  )
  const { at } = await develop(heif({ properties: [properties.profile(swapped)] }))
  assertNear(at(10, 24), [...red].toReversed(), 12, 'left')
  const wide = await develop(heif({ properties: [properties.codePoints(12, 13, 6)] }))
  // (57, 98, 181) of Display P3 as sRGB, by the matrices of CSS Color 4.
  assertNear(wide.at(54, 24), [41, 99, 187], 8, 'P3')
})

test('heif: AVIF of 8 and 10 bits is decoded, with transparency', async () => {
  const pixels = sharp({ create: { width: 70, height: 50, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0.5 } } })
  for (const bitdepth of [8, 10] as const) {
    const { files, at } = await develop(await pixels.clone().avif({ bitdepth, quality: 95, effort: 0 }).toBuffer())
    assertNear(at(30, 30), [227, 177, 152], 6, 'on white')
    assert.equal((await sharp(files[1]?.data).metadata()).hasAlpha, true)
  }
})

test('heif: EXIF is read for its facts and turns nothing', async () => {
  const { facts, width } = await develop(heif({ exif: orientationBlock(6) }))
  assert.deepEqual([facts.orientation, width], [1, 64])
  const dated = Buffer.from(
    await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123' } })
      .withExif({ IFD0: { Model: 'Some camera' } })
      .avif({ effort: 0 })
      .toBuffer(),
  )
  assert.equal((await develop(dated)).facts.camera, 'Some camera')
})

test('heif: what costs too much is refused from the header', async () => {
  assert.equal(await studio.probe(heif({ width: 10_000, height: 8_000 }), 'image/heic').then(() => null, codeOf), 'MEDIA_TOO_MANY_PIXELS')
  assert.equal(await studio.probe(heif({ width: 7_500, height: 8_000 }), 'image/heic').then(() => null, codeOf), 'MEDIA_TOO_COSTLY')
  const small = heif({ width: 7_500, height: 8_000, properties: [properties.cut(8, 8)] })
  assert.equal(await studio.probe(small, 'image/heic').then(() => null, codeOf), 'MEDIA_TOO_COSTLY', 'what is cut off is paid for')
  assert.equal(codeFor(heif({ madeOf: [1] })), 'MEDIA_TOO_COSTLY', 'made of itself')
  assert.ok(headerOf(heif()).probe.decodeBytesPerPixel < headerOf(heif({ properties: [properties.cut(32, 24)] })).probe.decodeBytesPerPixel)
})

test('heif: other codecs and sequences are refused by name, damage as damage', async () => {
  assert.equal(codeFor(heif({ codec: 'av01' })), 'MEDIA_TYPE_UNSUPPORTED')
  assert.equal(codeFor(heif({ brand: 'avif' }), 'image/avif'), 'MEDIA_TYPE_UNSUPPORTED')
  assert.equal(codeFor(heif().subarray(0, 24)), 'MEDIA_TYPE_UNSUPPORTED', 'a directory is missing')
  assert.equal(codeFor(heif({ width: 0 })), 'MEDIA_CORRUPT')
  assert.equal(codeFor(heif({ properties: [properties.cut(65, 10)] })), 'MEDIA_CORRUPT')
  assert.equal(codeFor(heif({ madeOf: [7] })), 'MEDIA_CORRUPT')
  const lying = heif({ width: 100, height: 100 })
  assert.equal(await develop(lying).then(() => null, codeOf), 'MEDIA_CORRUPT', 'another size than the codec has')
  const whole = heif()
  assert.equal(await develop(whole.subarray(0, whole.length - 30)).then(() => null, codeOf), 'MEDIA_CORRUPT', 'cut short')
})

test('heif: any prefix and any damage gives a header or a typed refusal', () => {
  const bytes = heif({
    exif: orientationBlock(3),
    properties: [properties.turned(3), properties.cut(10, 10), properties.codePoints(1, 13, 6)],
  })
  const readOrRefuse = (damaged: Uint8Array) => {
    try {
      const { probe } = headerOf(damaged)
      assert.ok(probe.width > 0 && probe.height > 0 && probe.decodeBytesPerPixel > 0)
    } catch (error) {
      assert.ok(error instanceof MediaError, String(error))
    }
  }
  for (let length = 0; length < bytes.length; length++) readOrRefuse(bytes.subarray(0, length))
  let seed = 11
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 5_000; round++) {
    const damaged = Buffer.from(bytes)
    for (let hits = 0; hits <= round % 4; hits++) damaged[random(damaged.length)] = random(256)
    readOrRefuse(damaged)
  }
})

test('heif: HDR keeps its order of tones, its white and its hues', () => {
  const grey = (values: readonly number[], transfer: number) => {
    const data = Uint16Array.from(values.flatMap((value) => [value, value, value].map((part) => Math.round(part * 65_535))))
    return [...srgbFrom({ data, width: values.length, height: 1, channels: 3 }, { primaries: 9, transfer }).data].filter(
      (_, at) => at % 3 === 0,
    )
  }
  const steps = Array.from({ length: 40 }, (_, index) => index / 40)
  for (const transfer of [16, 18]) {
    const tones = grey(steps, transfer)
    assert.ok(
      tones.every((tone, index) => index === 0 || tone >= (tones[index - 1] ?? 0)),
      tones.join(),
    )
    assert.deepEqual([tones[0], grey([1], transfer)[0]], [0, 255])
  }
  // Diffuse white: 203 nits are 58% of PQ and 75% of HLG (ITU-R BT.2408, table 1).
  for (const [value, transfer] of [
    [0.58, 16],
    [0.75, 18],
  ] as const)
    assert.ok((grey([value], transfer)[0] ?? 0) > 215 && (grey([value], transfer)[0] ?? 0) < 250, `${grey([value], transfer)[0]}`)
})
