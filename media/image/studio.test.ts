import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import sharp from 'sharp'
import type { EncodedFile } from '../../domain/developed.ts'
import { codeOf, type ErrorCode } from '../../domain/errors.ts'
import { limits } from '../../domain/limits.ts'
import { planImage } from '../../domain/plan-image.ts'
import type { ImageProbe } from '../../domain/plans.ts'
import { full } from '../../domain/presets/full.ts'
import { standard } from '../../domain/presets/standard.ts'
import { sniff } from '../../domain/sniff.ts'
import { filterNamed } from '../filters/index.ts'
import { mixersOf } from '../filters/filter.ts'
import {
  busyPixels,
  type Dot,
  exifSegment,
  flat,
  iccChunk,
  iccSegment,
  matrixProfile,
  middleOf,
  orientationBlock,
  pngClaiming,
  withChunks,
  withSegments,
} from './specimens.ts'
import { gif, gifColours } from './specimens-animation.ts'
import { createImageStudio } from './studio.ts'

const studio = createImageStudio({ slots: 2, limits })
after(async () => await studio.close())

async function probe(bytes: Uint8Array): Promise<ImageProbe> {
  const type = sniff(bytes)
  assert.ok(typeof type === 'string')
  return await studio.probe(bytes, type)
}
async function develop(bytes: Uint8Array, filter: string | null = null) {
  return await studio.develop(bytes, planImage(await probe(bytes), standard, { filter, version: 1 }), {})
}
const fileOf = ({ files }: Awaited<ReturnType<typeof develop>>, extension: 'jpg' | 'webp') =>
  files.find(({ name }) => name.endsWith(extension))?.data ?? new Uint8Array()
function assertNear(actual: readonly number[], expected: readonly number[], within: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: ${actual.join()} has other channels than ${expected.join()}`)
  for (const [channel, value] of expected.entries())
    assert.ok(Math.abs((actual[channel] ?? 999) - value) <= within, `${what}: ${actual.join()} is not ${expected.join()}`)
}
const refusal = async (bytes: Uint8Array): Promise<ErrorCode | null> => await develop(bytes).then(() => null, codeOf)

test('studio: a photo becomes every planned file, of the planned size, with progress', async () => {
  const photo = await sharp(busyPixels(1500, 1000), { raw: { width: 1500, height: 1000, channels: 3 } })
    .jpeg()
    .toBuffer()
  const plan = planImage(await probe(photo), standard, { filter: null, version: 4 })
  const steps: string[] = []
  const { files, blurhash } = await studio.develop(photo, plan, {
    onProgress: ({ done, total, unit }) => steps.push(`${done}/${total} ${unit}`),
  })
  assert.deepEqual(
    files.map(({ name, width, height, alt }) => ({ name, width, height, alt })),
    plan.renditions.map(({ name, width, height, alt }) => ({ name, width, height, alt })),
  )
  for (const { data, width, height, type } of files) {
    const seen = await sharp(data).metadata()
    assert.deepEqual([seen.width, seen.height, `image/${seen.format}`], [width, height, type])
    if (seen.format === 'jpeg') assert.deepEqual([seen.isProgressive, seen.chromaSubsampling], [true, '4:2:0'])
  }
  assert.deepEqual([steps.at(0), steps.at(-1), steps.length], ['1/10 renditions', '10/10 renditions', 10])
  assert.match(blurhash, /^.{28}$/)
})

test('studio: what is told of the looks is told of the picture as it is shown', async () => {
  const pixels = Buffer.alloc(300 * 200 * 3, 128)
  for (let y = 20; y < 70; y++) for (let x = 220; x < 270; x++) pixels.set([225, ((x + y) % 2) * 60 + 70, 60], (y * 300 + x) * 3)
  const photo = await sharp(pixels, { raw: { width: 300, height: 200, channels: 3 } })
    .png()
    .toBuffer()
  const { appearance } = await develop(photo)
  const [ground, mark] = appearance.palette
  assert.deepEqual([ground?.colour, ground?.share], ['#808080', 0.96])
  assert.ok(mark && mark.share < 0.05)
  assert.ok(
    Math.abs(appearance.focus.x - 245 / 300) < 0.1 && Math.abs(appearance.focus.y - 45 / 200) < 0.15,
    JSON.stringify(appearance.focus),
  )
  assert.match(appearance.thumbhash, /^[A-Za-z0-9+/]{20,40}=*$/)
  const moon = await develop(await flat([200, 40, 40], 'png', 90), 'moon')
  const [grey] = moon.appearance.palette
  const [red = 0, green = 99, blue = 0] = (grey?.colour.match(/[0-9a-f]{2}/g) ?? []).map((hex) => Number.parseInt(hex, 16))
  assert.ok(Math.abs(red - green) <= 3 && Math.abs(green - blue) <= 3, grey?.colour)
})

test('studio: files that are all that is wanted are the very ones that come with the rest', async () => {
  const photo = await flat([200, 60, 30], 'jpeg', 400)
  const plan = planImage(await probe(photo), standard, { filter: 'clarendon', version: 1 })
  const { files } = await studio.develop(photo, plan, {})
  const bare = (all: readonly EncodedFile[]) => all.map((file) => ({ ...file, encodeMs: 0 }))
  assert.deepEqual(bare(await studio.render(photo, plan, {})), bare(files))
})

test('studio: nothing is scaled up', async () => {
  const { files } = await develop(await flat([9, 9, 9], 'png', 40))
  assert.deepEqual(
    files.map(({ name, width, height }) => [name, width, height]),
    [
      ['w40.jpg', 40, 40],
      ['w40.webp', 40, 40],
    ],
  )
})

test('studio: all eight orientations come out upright', async () => {
  const [width, height] = [120, 80]
  const quarters: readonly Dot[] = [
    [220, 30, 30],
    [30, 200, 30],
    [30, 30, 220],
    [240, 240, 240],
  ]
  const colourAt = (x: number, y: number) => quarters[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] ?? []
  // Which visible place row y and column x of the stored picture show: EXIF 2.32, table of Orientation.
  const placeOf: readonly ((x: number, y: number) => readonly [number, number])[] = [
    (x, y) => [x, y],
    (x, y) => [width - 1 - x, y],
    (x, y) => [width - 1 - x, height - 1 - y],
    (x, y) => [x, height - 1 - y],
    (x, y) => [y, x],
    (x, y) => [width - 1 - y, x],
    (x, y) => [width - 1 - y, height - 1 - x],
    (x, y) => [y, height - 1 - x],
  ]
  for (const [index, place] of placeOf.entries()) {
    const lying = index >= 4
    const [storedWidth, storedHeight] = lying ? [height, width] : [width, height]
    const data = Buffer.alloc(width * height * 3)
    for (let y = 0; y < storedHeight; y++)
      for (let x = 0; x < storedWidth; x++) data.set(colourAt(...place(x, y)), (y * storedWidth + x) * 3)
    const jpeg = await sharp(data, { raw: { width: storedWidth, height: storedHeight, channels: 3 } })
      .jpeg({ quality: 95 })
      .toBuffer()
    const developed = await develop(withSegments(jpeg, exifSegment(orientationBlock(index + 1))))
    assert.equal(developed.facts.orientation, index + 1)
    for (const { data, name } of developed.files) {
      const { data: pixels, info } = await sharp(data).raw().toBuffer({ resolveWithObject: true })
      assert.deepEqual([info.width, info.height], [width, height], `${name} of orientation ${index + 1}`)
      for (const [x, y] of [
        [20, 20],
        [100, 20],
        [20, 60],
        [100, 60],
      ] as const)
        assertNear(
          [...pixels.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)],
          colourAt(x, y),
          30,
          `orientation ${index + 1} at ${x},${y} of ${name}`,
        )
    }
  }
})

test('studio: Adobe RGB and Display P3 come out as sRGB', async () => {
  // Columns: D50 XYZ of the primaries of Adobe RGB (1998), annex A, adapted by Bradford.
  const adobe = [
    [0.60974, 0.31111, 0.01947],
    [0.20528, 0.62567, 0.06087],
    [0.14919, 0.06322, 0.74457],
  ] as const
  const profile = matrixProfile(adobe, 563 / 256, 'Adobe RGB')
  for (const colour of [
    [120, 180, 90],
    [200, 150, 140],
    [128, 128, 128],
    [90, 100, 160],
  ] as const) {
    const expected = srgbOf(adobe, colour, 563 / 256)
    const [png, jpeg] = [await flat(colour), await flat(colour, 'jpeg')]
    for (const [what, bytes] of [
      ['PNG', withChunks(png, iccChunk(profile))],
      ['JPEG', withSegments(jpeg, iccSegment(profile))],
    ] as const)
      for (const extension of ['jpg', 'webp'] as const)
        assertNear(await middleOf(fileOf(await develop(bytes), extension)), expected, 5, `${what} ${colour.join()}`)
    const deep = await sharp(png).toColourspace('rgb16').png().toBuffer()
    assertNear(
      await middleOf(fileOf(await develop(withChunks(deep, iccChunk(profile))), 'jpg')),
      expected,
      5,
      `16-bit PNG ${colour.join()}`,
    )
  }
  for (const colour of [
    [200, 60, 40],
    [40, 180, 70],
  ] as const) {
    const p3 = sharp(await flat(colour)).withIccProfile('p3')
    for (const bytes of [
      await p3.clone().png().toBuffer(),
      await p3.clone().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer(),
      await p3.clone().toColourspace('rgb16').png().toBuffer(),
    ])
      assertNear(await middleOf(fileOf(await develop(bytes), 'jpg')), colour, 5, 'Display P3')
  }
})

/** An independent way from a matrix profile to sRGB: D50 XYZ, Bradford to D65, the sRGB matrix and curve (IEC 61966-2-1). */
function srgbOf(primaries: readonly Dot[], colour: Dot, gamma: number): number[] {
  const linear = colour.map((value) => (value / 255) ** gamma)
  const xyz = [0, 1, 2].map((axis) => primaries.reduce((sum, column, index) => sum + (column[axis] ?? 0) * (linear[index] ?? 0), 0))
  const toSrgb = [
    [3.1338561, -1.6168667, -0.4906146],
    [-0.9787684, 1.9161415, 0.033454],
    [0.0719453, -0.2289914, 1.4052427],
  ]
  return toSrgb.map((row) => {
    const value = Math.min(
      1,
      Math.max(
        0,
        row.reduce((sum, factor, axis) => sum + factor * (xyz[axis] ?? 0), 0),
      ),
    )
    return Math.round(255 * (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055))
  })
}

test('studio: CMYK, grey, palette, 16 bits and alpha all become 8-bit sRGB', async () => {
  const cmyk = await sharp(await flat([200, 200, 200]))
    .toColourspace('cmyk')
    .jpeg()
    .toBuffer()
  assertNear(await middleOf(fileOf(await develop(cmyk), 'jpg')), [200, 200, 200], 16, 'CMYK')
  const greyRaw = sharp(Buffer.alloc(64 * 64, 77), { raw: { width: 64, height: 64, channels: 1 } }).toColourspace('b-w')
  for (const bytes of [await greyRaw.clone().png().toBuffer(), await greyRaw.clone().jpeg().toBuffer()])
    assertNear(await middleOf(fileOf(await develop(bytes), 'webp')), [77, 77, 77], 3, 'grey')
  const palette = await sharp(await flat([10, 200, 100]))
    .png({ palette: true, colours: 4 })
    .toBuffer()
  assertNear(await middleOf(fileOf(await develop(palette), 'jpg')), [10, 200, 100], 4, 'palette')
  const deep = await sharp(await flat([10, 200, 100]))
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  assertNear(await middleOf(fileOf(await develop(deep), 'jpg')), [10, 200, 100], 4, '16 bits')
  const half = await develop(await flat([250, 0, 0, 128]))
  assertNear(await middleOf(fileOf(half, 'jpg')), [252, 127, 127], 4, 'JPEG lies on white')
  assertNear(await middleOf(fileOf(half, 'webp')), [250, 0, 0, 128], 4, 'WebP keeps alpha')
  assert.equal(
    (await sharp(fileOf(await develop(await flat([250, 0, 0, 255])), 'webp')).metadata()).hasAlpha,
    false,
    'alpha without use is dropped',
  )
})

test('studio: of an animation the first frame is shown', async () => {
  const frames = await Promise.all(
    [
      [200, 0, 0],
      [0, 0, 200],
    ].map(async (colour) => await flat(colour)),
  )
  const webp = await sharp(frames, { join: { animated: true } })
    .webp({ lossless: true })
    .toBuffer()
  const developed = await develop(webp)
  assert.deepEqual([developed.files[0]?.width, developed.files[0]?.height], [64, 64])
  assertNear(await middleOf(fileOf(developed, 'jpg')), [200, 0, 0], 4, 'first frame')
  const still = await develop(
    gif(
      64,
      64,
      [2, 1].map((colour) => ({ width: 64, height: 64, delay: 5, colour })),
    ),
  )
  assertNear(await middleOf(fileOf(still, 'jpg')), gifColours[2] ?? [], 4, 'first frame of a GIF')
  for (const [width, height] of [
    [640, 480],
    [2_100, 30],
    [40, 40],
  ] as const) {
    const partly = await develop(gif(width, height, [{ width: 60, height: 60, delay: 5, colour: 2 }]))
    const { data, info } = await sharp(fileOf(partly, 'jpg')).raw().toBuffer({ resolveWithObject: true })
    const ratio = info.width / info.height
    assert.ok(Math.abs(ratio - width / height) < 0.05 * ratio, `${info.width} x ${info.height} of ${width} x ${height}`)
    assertNear([...data.subarray(0, 3)], gifColours[2] ?? [], 12, 'what is drawn')
    if (width > 60) assertNear([...data.subarray(3 * info.width - 3, 3 * info.width)], [255, 255, 255], 4, 'what is not')
  }
})

test('studio: a filter is seen in every rendition and in the blurhash', async () => {
  const colour = [60, 110, 170] as const
  const mixed = mixersOf(filterNamed('clarendon'))
    .centre(60 / 255, 110 / 255, 170 / 255)
    .map((value) => value * 255)
  const bytes = await flat(colour, 'png', 700)
  const [plain, filtered] = [await develop(bytes), await develop(bytes, 'clarendon')]
  for (const { data, name } of filtered.files) assertNear(await middleOf(data), mixed, 4, name)
  assert.notEqual(plain.blurhash, filtered.blurhash)
})

test('studio: edits are seen in every rendition, with a filter and without one', async () => {
  const bytes = await flat([60, 110, 170], 'png', 700)
  for (const look of [
    { filter: null, edits: { saturation: -100 } },
    { filter: 'clarendon', edits: { strength: 50, saturation: -100 } },
  ]) {
    const { files } = await studio.develop(bytes, planImage(await probe(bytes), standard, { ...look, version: 1 }), {})
    for (const { data, name } of files) {
      const [red = 0, green = 255, blue = 0] = await middleOf(data)
      assert.ok(Math.abs(red - green) <= 3 && Math.abs(green - blue) <= 3, `${name}: ${red} ${green} ${blue}`)
    }
  }
})

test('studio: a file cut short is refused as damaged, wherever it is cut', async () => {
  const raw = sharp(busyPixels(400, 300), { raw: { width: 400, height: 300, channels: 3 } })
  const files = [
    await raw.clone().jpeg().toBuffer(),
    await raw.clone().jpeg({ progressive: true }).toBuffer(),
    await raw.clone().png().toBuffer(),
    await raw.clone().png({ progressive: true }).toBuffer(),
    await raw.clone().webp().toBuffer(),
    await raw.clone().webp({ lossless: true }).toBuffer(),
  ]
  for (const [index, whole] of files.entries()) {
    assert.equal(await refusal(whole), null)
    // A PNG that lacks only its end mark (12 bytes) and a checksum has all of its picture.
    for (const length of [
      12,
      40,
      200,
      whole.length >> 3,
      whole.length >> 1,
      Math.floor(whole.length * 0.9),
      whole.length - 60,
      whole.length - 20,
    ])
      assert.equal(await refusal(whole.subarray(0, length)), 'MEDIA_CORRUPT', `file ${index} cut to ${length} of ${whole.length}`)
  }
  assert.equal(await refusal(files[0]?.subarray(0, -2) ?? new Uint8Array()), 'MEDIA_CORRUPT', 'JPEG without its end mark')
})

test('studio: a bomb is refused from its header, before any child is started', async () => {
  const guarded = createImageStudio({ slots: 1, limits })
  const attempts = [
    [pngClaiming(50_000, 50_000), 'MEDIA_TOO_MANY_PIXELS'],
    [pngClaiming(16_385, 1), 'MEDIA_TOO_MANY_PIXELS'],
    [pngClaiming(10_000, 6_000, { depth: 16, interlace: 1 }), null],
  ] as const
  for (const [bomb, code] of attempts) assert.equal(await guarded.probe(bomb, 'image/png').then(() => null, codeOf), code)
  const plan = planImage(await guarded.probe(await flat([1, 2, 3]), 'image/png'), standard, { filter: null, version: 1 })
  assert.equal(await guarded.develop(pngClaiming(50_000, 50_000), plan, {}).then(() => null, codeOf), 'MEDIA_TOO_MANY_PIXELS')
  assert.equal(await guarded.develop(Buffer.from('<svg/>'), plan, {}).then(() => null, codeOf), 'MEDIA_TYPE_UNSUPPORTED')
  assert.deepEqual(guarded.pids(), [])
  const frugal = createImageStudio({ slots: 1, limits: { ...limits, imageDecodeBytesMax: 1_000_000 } })
  assert.equal(await frugal.probe(pngClaiming(1_000, 1_000, { interlace: 1 }), 'image/png').then(() => null, codeOf), 'MEDIA_TOO_COSTLY')
})

test('studio: the full preset gives each size in AVIF too, with transparency and without metadata', async () => {
  const bytes = await sharp(await flat([250, 0, 0, 128], 'png', 150))
    .withExif({ IFD0: { Model: 'Canary-8b1f' } })
    .png()
    .toBuffer()
  const { files } = await studio.develop(bytes, planImage(await probe(bytes), full, { filter: null, version: 1 }), {})
  assert.deepEqual(
    files.map(({ name, type }) => [name, type]),
    [
      ['w150.jpg', 'image/jpeg'],
      ['w150.webp', 'image/webp'],
      ['w150.avif', 'image/avif'],
    ],
  )
  const avif = files[2]?.data ?? new Uint8Array()
  assert.equal((await sharp(avif).metadata()).compression, 'av1')
  assertNear(await middleOf(avif), [250, 0, 0, 128], 4, 'AVIF')
  for (const word of ['Exif', 'Canary', 'Model']) assert.ok(!Buffer.from(avif).includes(word), word)
})
