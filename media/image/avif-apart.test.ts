import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import { codeOf } from '../../domain/errors.ts'
import { frameOf } from '../../domain/framing.ts'
import { limits } from '../../domain/limits.ts'
import { plainAv1In } from './av1-item.ts'
import { createApartDecoder } from './avif-apart.ts'
import { createDecoder, type Wanted } from './decode.ts'
import { displayP3 } from './display-p3.ts'
import { examine } from './examine.ts'
import type { Picture } from './picture.ts'
import { codedIn, heif, properties } from './specimens-heif.ts'

/** Every AVIF is a large one here. */
const always = { ...limits, imageDecodeApartBytesMin: 0 }
const byLibheif = createDecoder(always)
const byFfmpeg = createApartDecoder('ffmpeg', always)
const side = 240

/** Waves of each colour, of other lengths and directions: nothing is flat, and no edge depends on how colours are interpolated. */
function waves(): Buffer {
  const data = Buffer.alloc(side * side * 3)
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (const [channel, phase] of [x / 23, y / 17, (x + y) / 31].entries())
        data[(y * side + x) * 3 + channel] = Math.round(128 + 100 * Math.sin(phase))
  return data
}

async function avif(bitdepth: 8 | 10 | 12, chromaSubsampling: '4:2:0' | '4:4:4'): Promise<Buffer> {
  const pixels = sharp(waves(), { raw: { width: side, height: side, channels: 3 } })
  return await pixels.avif({ bitdepth, chromaSubsampling, quality: 90, effort: 0 }).toBuffer()
}

/** The same picture in a file that says other things of it. */
function retold(file: Uint8Array, ...more: readonly Buffer[]): Buffer {
  return heif({ width: side, height: side, coded: codedIn(file), codec: 'av01', brand: 'avif', properties: more })
}

async function apart(file: Uint8Array, wanted: Wanted): Promise<Picture | null> {
  return await byFfmpeg(file, examine(file, always), wanted)
}

/** Root of the mean square of what both decoders' pictures differ by, of 255. */
async function difference(file: Uint8Array, wanted: Wanted): Promise<number> {
  const [one, other] = [await byLibheif(file, examine(file, always), wanted), await apart(file, wanted)]
  assert.ok(other, 'ffmpeg decodes it')
  const { data: _one, ...told } = one
  const { data: _other, ...toldToo } = other
  assert.deepEqual(toldToo, told)
  return Math.sqrt(one.data.reduce((sum, value, at) => sum + (value - (other.data[at] ?? 0)) ** 2, 0) / one.data.length)
}

test('avif apart: ffmpeg gives what libheif gives, whatever the depth and the subsampling', async () => {
  for (const depth of [8, 10, 12] as const)
    for (const subsampling of ['4:2:0', '4:4:4'] as const)
      for (const size of [side, 100]) {
        const rms = await difference(await avif(depth, subsampling), { width: size, height: size })
        // libheif repeats colours of which there are half as many; ffmpeg puts others between.
        assert.ok(rms < (size === side && subsampling === '4:2:0' ? 2 : 0.8), `${depth} ${subsampling} ${size}: ${rms}`)
      }
})

test('avif apart: what the file says of its colours goes before what the codec says', async () => {
  const file = await avif(10, '4:2:0')
  const wanted = { width: 100, height: 100, keepsP3: true }
  const said = [
    properties.codePoints(1, 13, 1),
    properties.codePoints(1, 13, 6),
    properties.codePoints(12, 13, 6),
    properties.codePoints(9, 16, 9),
    properties.profile(displayP3()),
  ]
  for (const [index, property] of said.entries()) assert.ok((await difference(retold(file, property), wanted)) < 1.2, `${index}`)
  assert.ok((await difference(retold(file), wanted)) < 1.2, 'nothing')
  const { keepsP3: _, ...plain } = wanted
  assert.ok((await difference(retold(file, properties.profile(displayP3())), plain)) < 1.2, 'a profile on the way to sRGB')
  const picture = async (...more: readonly Buffer[]) => await apart(retold(file, ...more), wanted)
  assert.notDeepEqual((await picture(properties.codePoints(1, 13, 1)))?.data, (await picture(properties.codePoints(1, 13, 6)))?.data)
})

test('avif apart: a crop lies where it was asked for, and is turned', async () => {
  const framing = { crop: { unit: 'pixels', x: 33, y: 57, width: 101, height: 90 }, flip: 'horizontal', rotate: 90 } as const
  for (const depth of [8, 10] as const)
    for (const subsampling of ['4:2:0', '4:4:4'] as const) {
      const frame = frameOf({ width: side, height: side }, framing)
      assert.ok((await difference(await avif(depth, subsampling), { width: 60, height: 67, frame })) < 1.2, `${depth} ${subsampling}`)
    }
})

test('avif apart: what is more than one plain frame is left to libheif', async () => {
  const file = await avif(8, '4:2:0')
  assert.ok(plainAv1In(file))
  for (const property of [properties.turned(1), properties.mirrored(0), properties.cut(100, 100), properties.codePoints(1, 13, 0)])
    assert.equal(plainAv1In(retold(file, property)), null)
  const pixels = { create: { width: 64, height: 64, channels: 4, background: { r: 9, g: 90, b: 200, alpha: 0.5 } } } as const
  assert.equal(plainAv1In(await sharp(pixels).avif({ effort: 0 }).toBuffer()), null, 'transparency')
  const odd = { create: { width: 65, height: 64, channels: 3, background: '#123456' } } as const
  assert.equal(plainAv1In(await sharp(odd).avif({ effort: 0, chromaSubsampling: '4:2:0' }).toBuffer()), null, 'half of 65 columns')
  assert.equal(await createApartDecoder('ffmpeg', limits)(file, examine(file, limits), { width: 100, height: 100 }), null, 'a small one')
})

test('avif apart: a file that lies about its size, is damaged or finds no ffmpeg is left to libheif', async () => {
  const file = await avif(8, '4:4:4')
  const wanted = { width: 50, height: 50 }
  for (const [width, height] of [
    [side - 2, side],
    [side, side + 2],
    [side * 2, side / 2],
  ] as const) {
    const lying = heif({ width, height, coded: codedIn(file), codec: 'av01', brand: 'avif' })
    assert.equal(await apart(lying, wanted), null, `${width} x ${height}`)
    const decode = createDecoder(always, undefined, byFfmpeg)
    assert.equal(await decode(lying, examine(lying, always), wanted).then(() => null, codeOf), 'MEDIA_CORRUPT')
  }
  const { configuration, frame } = codedIn(file)
  const short = { configuration, frame: frame.subarray(0, frame.length - 50) }
  assert.equal(await apart(heif({ width: side, height: side, coded: short, codec: 'av01', brand: 'avif' }), wanted), null, 'a short frame')
  assert.equal(await apart(retold(file).subarray(0, -50), wanted), null, 'a short file')
  for (const program of ['/nowhere/ffmpeg', 'true'])
    assert.equal(await createApartDecoder(program, always)(file, examine(file, always), wanted), null, program)
})
