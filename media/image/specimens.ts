/** Files that the tests make: containers taken apart and put together again with what no encoder would write. */
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

export function jpegSegment(marker: number, ...parts: (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as Uint8Array)))
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

/** A JPEG with segments put right after its start. */
export function withSegments(jpeg: Uint8Array, ...segments: Uint8Array[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}

export function pngChunk(name: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length)
  chunk.writeUInt32BE(data.length, 0)
  chunk.write(name, 4, 'latin1')
  chunk.set(data, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length)
  return chunk
}

/** A PNG with chunks put right after its header. */
export function withChunks(png: Uint8Array, ...chunks: Uint8Array[]): Buffer {
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)])
}

/** A PNG's signature and header alone, claiming any size, with a crumb of picture. */
export function pngClaiming(width: number, height: number, { depth = 8, colourType = 6, interlace = 0 } = {}): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, colourType, 0, 0, interlace], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([
    signature,
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc(1_000))),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

export type Dot = readonly number[]

/** One colour all over, as exact pixels. */
export async function flat(colour: Dot, format: 'png' | 'jpeg' | 'webp' = 'png', side = 64): Promise<Buffer> {
  const data = Buffer.alloc(side * side * colour.length, Buffer.from(colour))
  const pipeline = sharp(data, { raw: { width: side, height: side, channels: colour.length as 3 | 4 } })
  if (format === 'jpeg') return await pipeline.jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer()
  return format === 'png' ? await pipeline.png().toBuffer() : await pipeline.webp({ lossless: true }).toBuffer()
}

/** A picture with gradients and grain: raw RGB, large enough a file to be cut, and work enough to be interrupted. */
export function busyPixels(width: number, height: number): Buffer {
  const data = Buffer.alloc(width * height * 3)
  let state = 1
  for (let at = 0; at < data.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    data[at] = ((at / 3 / width) * 0.1 + (at % (width * 3)) * 0.03 + ((state >>> 24) & 31)) & 255
  }
  return data
}

/** The colour in the middle of an encoded picture. */
export async function middleOf(file: Uint8Array): Promise<number[]> {
  const { data, info } = await sharp(file).raw().toBuffer({ resolveWithObject: true })
  const at = (Math.floor(info.height / 2) * info.width + Math.floor(info.width / 2)) * info.channels
  return [...data.subarray(at, at + info.channels)]
}

/** A matrix profile (ICC.1:2001, version 2) with one gamma for all channels; columns are D50 XYZ of the primaries. */
export function matrixProfile(primaries: readonly (readonly [number, number, number])[], gamma: number, description: string): Buffer {
  const fixed = (value: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(Math.round(value * 65_536))
    return bytes
  }
  const xyz = (values: readonly number[]) => Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), ...values.map(fixed)])
  const curve = Buffer.concat([
    Buffer.from('curv\0\0\0\0\0\0\0\x01', 'latin1'),
    Buffer.from([Math.floor(gamma), Math.round((gamma % 1) * 256)]),
    Buffer.alloc(2),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(description.length + 1)
  const desc = Buffer.concat([
    Buffer.from('desc\0\0\0\0', 'latin1'),
    length,
    Buffer.from(`${description}\0`, 'latin1'),
    Buffer.alloc(78 + (4 - ((description.length + 91) % 4))),
  ])
  const text = Buffer.from('text\0\0\0\0none\0\0\0\0', 'latin1')
  const [red = [0, 0, 0], green = [0, 0, 0], blue = [0, 0, 0]] = primaries
  const tags: [string, Buffer][] = [
    ['desc', desc],
    ['cprt', text],
    ['wtpt', xyz([0.9642, 1, 0.8249])],
    ['rXYZ', xyz(red)],
    ['gXYZ', xyz(green)],
    ['bXYZ', xyz(blue)],
    ['rTRC', curve],
    ['gTRC', curve],
    ['bTRC', curve],
  ]
  const table = Buffer.alloc(4 + 12 * tags.length)
  table.writeUInt32BE(tags.length)
  let offset = 128 + table.length
  for (const [index, [name, data]] of tags.entries()) {
    table.write(name, 4 + 12 * index, 'latin1')
    table.writeUInt32BE(offset, 8 + 12 * index)
    table.writeUInt32BE(data.length, 12 + 12 * index)
    offset += data.length
  }
  const header = Buffer.alloc(128)
  header.writeUInt32BE(offset, 0)
  header.set([2, 0x40, 0, 0], 8)
  header.write('mntrRGB XYZ ', 12, 'latin1')
  header.write('acsp', 36, 'latin1')
  Buffer.concat([fixed(0.9642), fixed(1), fixed(0.8249)]).copy(header, 68)
  return Buffer.concat([header, table, ...tags.map(([, data]) => data)])
}

export const iccSegment = (profile: Uint8Array) => jpegSegment(0xe2, 'ICC_PROFILE\0', Buffer.from([1, 1]), profile)
export const iccChunk = (profile: Uint8Array) => pngChunk('iCCP', Buffer.concat([Buffer.from('p\0\0', 'latin1'), deflateSync(profile)]))

/** A little-endian TIFF structure with one directory; values of at most four bytes. */
export function tiff(entries: readonly (readonly [tag: number, type: number, count: number, value: number])[]): Buffer {
  const bytes = Buffer.alloc(8 + 2 + 12 * entries.length + 4)
  bytes.write('II*\0\x08', 'latin1')
  bytes.writeUInt16LE(entries.length, 8)
  for (const [index, [tag, type, count, value]] of entries.entries()) {
    bytes.writeUInt16LE(tag, 10 + 12 * index)
    bytes.writeUInt16LE(type, 12 + 12 * index)
    bytes.writeUInt32LE(count, 14 + 12 * index)
    bytes.writeUInt32LE(value, 18 + 12 * index)
  }
  return bytes
}

export const exifSegment = (block: Uint8Array) => jpegSegment(0xe1, 'Exif\0\0', block)
export const orientationBlock = (orientation: number) => tiff([[0x0112, 3, 1, orientation]])
