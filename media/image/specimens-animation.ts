/** Animations that the tests put together block by block, so that they can also say what no encoder would. */
import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { type Dot, pngChunk } from './specimens.ts'

export interface GifFrame {
  readonly left?: number
  readonly top?: number
  readonly width: number
  readonly height: number
  /** Hundredths of a second. */
  readonly delay: number
  /** Into the table of four colours: red, green, blue, white. */
  readonly colour: number
}

export const gifColours: readonly Dot[] = [
  [208, 43, 43],
  [43, 160, 67],
  [43, 67, 208],
  [255, 255, 255],
]

/** One colour a frame. `loops` as Netscape's block has it; `end`: whether the trailer is there. */
export function gif(
  width: number,
  height: number,
  frames: readonly GifFrame[],
  { loops = 0 as number | null, end = true, transparent = false } = {},
): Buffer {
  const u16 = (value: number) => Buffer.from([value & 255, value >> 8])
  const netscape = loops === null ? [] : [Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01', 'latin1'), u16(loops), Buffer.of(0)]
  return Buffer.concat([
    Buffer.from('GIF89a', 'latin1'),
    u16(width),
    u16(height),
    Buffer.from([0x91, 0, 0, ...gifColours.flat()]),
    ...netscape,
    ...frames.flatMap(({ left = 0, top = 0, width: across, height: down, delay, colour }) => [
      Buffer.of(0x21, 0xf9, 4, transparent ? 5 : 4),
      u16(delay),
      Buffer.of(3, 0, 0x2c),
      ...[left, top, across, down].map(u16),
      Buffer.of(0),
      codesOf(across * down, colour),
    ]),
    ...(end ? [Buffer.of(0x3b)] : []),
  ])
}

/** So many pixels of one colour in codes of three bits: the table is cleared before it would need a fourth. */
function codesOf(pixels: number, colour: number): Buffer {
  const [clear, stop] = [4, 5]
  const codes: number[] = []
  for (let pixel = 0; pixel < pixels; pixel++) codes.push(...(pixel % 2 === 0 ? [clear, colour] : [colour]))
  codes.push(stop)
  const packed = Buffer.alloc(Math.ceil((3 * codes.length) / 8))
  for (const [index, code] of codes.entries())
    for (let bit = 0; bit < 3; bit++) {
      const place = 3 * index + bit
      packed[place >> 3] = (packed[place >> 3] ?? 0) | (((code >> bit) & 1) << (place & 7))
    }
  const blocks: Buffer[] = [Buffer.of(2)]
  for (let at = 0; at < packed.length; at += 255) {
    const block = packed.subarray(at, at + 255)
    blocks.push(Buffer.of(block.length), block)
  }
  return Buffer.concat([...blocks, Buffer.of(0)])
}

/** Frames of one colour each over the whole canvas; `delay` in thousandths. */
export function apng(
  width: number,
  height: number,
  frames: readonly { readonly colour: Dot; readonly delay: number }[],
  { claimed = frames.length, plays = 0 } = {},
): Buffer {
  const u32 = (...values: number[]) => {
    const bytes = Buffer.alloc(4 * values.length)
    for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
    return bytes
  }
  let sequence = 0
  const parts = frames.flatMap(({ colour, delay }, index) => {
    const row = Buffer.concat([Buffer.of(0), Buffer.alloc(width * 3, Buffer.from(colour))])
    const data = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
    const control = Buffer.concat([u32(sequence++, width, height, 0, 0), Buffer.of(delay >> 8, delay & 255, 0x03, 0xe8, 0, 0)])
    return [pngChunk('fcTL', control), index === 0 ? pngChunk('IDAT', data) : pngChunk('fdAT', Buffer.concat([u32(sequence++), data]))]
  })
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    pngChunk('IHDR', Buffer.concat([u32(width, height), Buffer.of(8, 2, 0, 0, 0)])),
    pngChunk('acTL', u32(claimed, plays)),
    ...parts,
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** An animated WebP whose frames have one colour each; `delays` in milliseconds. */
export async function animatedWebp(width: number, height: number, colours: readonly Dot[], delays: readonly number[]): Promise<Buffer> {
  const data = Buffer.concat(colours.map((colour) => Buffer.alloc(width * height * colour.length, Buffer.from(colour))))
  const raw = { width, height: height * colours.length, channels: (colours[0] ?? []).length as 3 | 4, pageHeight: height }
  return await sharp(data, { raw })
    .webp({ lossless: true, loop: 0, delay: [...delays] })
    .toBuffer()
}
