import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp, { type JpegOptions } from 'sharp'
import { codeOf, MediaError } from '../../domain/errors.ts'
import type { SourceType } from '../../domain/plans.ts'
import { readHeader } from './header.ts'
import { exifSegment, flat, jpegSegment, orientationBlock, pngClaiming, withChunks, withSegments, pngChunk } from './specimens.ts'

const base = () => sharp({ create: { width: 90, height: 60, channels: 3, background: '#48c' } })
const codeFor = (bytes: Uint8Array, type: SourceType) => {
  try {
    readHeader(bytes, type)
    return null
  } catch (error) {
    return codeOf(error)
  }
}

test('header: sizes are read from all three formats', async () => {
  for (const [format, type] of [
    ['jpeg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
  ] as const) {
    const { probe, exif } = readHeader(await base().toFormat(format).toBuffer(), type)
    assert.deepEqual([probe.width, probe.height, probe.orientation, probe.frames, probe.hasAlpha], [90, 60, 1, 1, false], format)
    assert.equal(exif, null)
  }
  const lossless = readHeader(await base().ensureAlpha(0.5).webp({ lossless: true }).toBuffer(), 'image/webp').probe
  assert.deepEqual([lossless.width, lossless.height, lossless.hasAlpha], [90, 60, true])
})

test('header: what the decoder must hold is told from the header', async () => {
  const jpeg = async (options: JpegOptions) => readHeader(await base().jpeg(options).toBuffer(), 'image/jpeg').probe
  assert.deepEqual(costs(await jpeg({})), [false, 3])
  assert.deepEqual(costs(await jpeg({ progressive: true, chromaSubsampling: '4:2:0' })), [true, 3])
  assert.deepEqual(costs(await jpeg({ progressive: true, chromaSubsampling: '4:4:4' })), [true, 6])
  const png = (options: Parameters<typeof pngClaiming>[2]) => readHeader(pngClaiming(5, 5, options), 'image/png').probe
  assert.deepEqual(costs(png({ colourType: 6 })), [false, 4])
  assert.deepEqual(costs(png({ colourType: 6, depth: 16, interlace: 1 })), [true, 8])
  assert.deepEqual(costs(png({ colourType: 0, depth: 1, interlace: 1 })), [true, 1])
  assert.deepEqual(costs(readHeader(await base().webp().toBuffer(), 'image/webp').probe), [true, 8])
})
const costs = (probe: { heldWhole: boolean; decodeBytesPerPixel: number }) => [probe.heldWhole, probe.decodeBytesPerPixel]

test('header: a sequential JPEG in several scans is as costly as a progressive one', async () => {
  const jpeg = await base().jpeg().toBuffer()
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]))
  const oneOfThree = Buffer.from(jpeg)
  oneOfThree[scan + 4] = 1
  assert.deepEqual(costs(readHeader(oneOfThree, 'image/jpeg').probe), [true, 3])
})

test('header: orientation comes from EXIF in each format', async () => {
  const jpeg = await flat([1, 2, 3], 'jpeg')
  for (let orientation = 1; orientation <= 8; orientation++) {
    assert.equal(readHeader(withSegments(jpeg, exifSegment(orientationBlock(orientation))), 'image/jpeg').probe.orientation, orientation)
    assert.equal(
      readHeader(withChunks(await flat([1, 2, 3]), pngChunk('eXIf', orientationBlock(orientation))), 'image/png').probe.orientation,
      orientation,
    )
    const webp = await base().withMetadata({ orientation }).webp().toBuffer()
    assert.equal(readHeader(webp, 'image/webp').probe.orientation, orientation)
  }
})

test('header: transparency by palette is told', () => {
  const palette = withChunks(pngClaiming(5, 5, { colourType: 3 }), pngChunk('tRNS', Buffer.from([0])))
  assert.equal(readHeader(palette, 'image/png').probe.hasAlpha, true)
})

test('header: what cannot be is refused', async () => {
  const jpeg = await flat([1, 2, 3], 'jpeg')
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  const changed = (offset: number, value: number) => Buffer.from(jpeg).fill(value, frame + offset, frame + offset + 1)
  assert.equal(codeFor(changed(1, 0xc3), 'image/jpeg'), 'MEDIA_TYPE_UNSUPPORTED', 'lossless')
  assert.equal(codeFor(changed(1, 0xc5), 'image/jpeg'), 'MEDIA_TYPE_UNSUPPORTED', 'hierarchical')
  assert.equal(codeFor(changed(1, 0xc9), 'image/jpeg'), 'MEDIA_TYPE_UNSUPPORTED', 'arithmetic')
  assert.equal(codeFor(changed(4, 12), 'image/jpeg'), 'MEDIA_TYPE_UNSUPPORTED', '12 bits')
  assert.equal(codeFor(changed(6, 0), 'image/jpeg'), 'MEDIA_CORRUPT', 'no height')
  assert.equal(codeFor(changed(11, 0), 'image/jpeg'), 'MEDIA_CORRUPT', 'no sampling')
  assert.equal(codeFor(withSegments(jpeg, jpeg.subarray(frame, frame + 19)), 'image/jpeg'), 'MEDIA_CORRUPT', 'two frames')
  assert.equal(codeFor(pngClaiming(0, 5), 'image/png'), 'MEDIA_CORRUPT')
  assert.equal(codeFor(pngClaiming(5, 5, { colourType: 2, depth: 4 }), 'image/png'), 'MEDIA_CORRUPT')
  assert.equal(codeFor(pngClaiming(5, 5, { interlace: 2 }), 'image/png'), 'MEDIA_CORRUPT')
  assert.equal(codeFor(Buffer.from('RIFF\x04\0\0\0WEBP'), 'image/webp'), 'MEDIA_CORRUPT')
  assert.equal(codeFor(jpeg, 'video/mp4'), 'MEDIA_TYPE_UNSUPPORTED')
})

test('header: thousands of scans and megabytes of words are refused before a decoder has them', async () => {
  const jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#357' } })
    .jpeg({ progressive: true })
    .toBuffer()
  const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.of(0xff, 0xda)), jpeg.length - 2)
  const scans = Buffer.concat([jpeg.subarray(0, -2), ...Array.from({ length: 3_000 }, () => scan), Buffer.of(0xff, 0xd9)])
  assert.equal(codeFor(scans, 'image/jpeg'), 'MEDIA_TOO_COSTLY')
  assert.equal(codeFor(jpeg, 'image/jpeg'), null)
  const words = pngChunk('tEXt', Buffer.concat([Buffer.from('a\0'), Buffer.alloc(2 * 1024 ** 2, 65)]))
  assert.equal(codeFor(withChunks(pngClaiming(5, 5), ...Array.from({ length: 10 }, () => words)), 'image/png'), 'MEDIA_TOO_COSTLY')
})

test('header: any prefix and any damage gives a header or a typed refusal', async () => {
  const jpeg = withSegments(await base().jpeg().toBuffer(), exifSegment(orientationBlock(6)), jpegSegment(0xfe, 'hello'))
  const files = [
    [jpeg, 'image/jpeg'],
    [await base().png().toBuffer(), 'image/png'],
    [await base().withMetadata({ orientation: 3 }).webp().toBuffer(), 'image/webp'],
  ] as const
  let seed = 7
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (const [bytes, type] of files) {
    for (let length = 0; length < bytes.length; length++) readOrRefuse(bytes.subarray(0, length), type)
    for (let round = 0; round < 3_000; round++) {
      const damaged = Buffer.from(bytes)
      for (let hits = 0; hits <= round % 4; hits++) damaged[random(Math.min(400, damaged.length))] = random(256)
      readOrRefuse(damaged, type)
    }
  }
})
function readOrRefuse(bytes: Uint8Array, type: SourceType): void {
  try {
    const { probe } = readHeader(bytes, type)
    assert.ok(probe.width > 0 && probe.height > 0 && probe.orientation >= 1 && probe.orientation <= 8 && probe.decodeBytesPerPixel > 0)
  } catch (error) {
    assert.ok(error instanceof MediaError, String(error))
  }
}
