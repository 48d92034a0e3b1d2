/**
 * A QuickTime movie of bare RGBA frames around pixels that are in a file already: what ffmpeg takes frames of
 * uneven length from. libvips begins its own file with 64 bytes, which are overwritten, and ends it with words, which are cut off.
 */

export const LEAD_BYTES = 64
/** Ticks a second: milliseconds. */
const TIMESCALE = 1_000

interface Frames {
  readonly width: number
  readonly height: number
  readonly durationsMs: readonly number[]
}

export function pixelBytesOf({ width, height, durationsMs }: Frames): number {
  return 4 * width * height * durationsMs.length
}

/** What comes before the pixels, exactly 64 bytes (QuickTime File Format, chapter 1). */
export function movLead(frames: Frames): Buffer {
  const type = box('ftyp', 'qt  ', u32(0), 'qt  ')
  const data = Buffer.concat([u32(1), Buffer.from('mdat', 'latin1'), u64(16 + pixelBytesOf(frames))])
  const room = LEAD_BYTES - type.length - data.length
  return Buffer.concat([type, box('free', Buffer.alloc(room - 8)), data])
}

/** What comes after them. */
export function movTail({ width, height, durationsMs }: Frames): Buffer {
  const ticks = durationsMs.map(Math.round)
  const duration = ticks.reduce((sum, ms) => sum + ms, 0)
  const matrix = u32(0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000)
  const entry = box(
    'RGBA',
    Buffer.alloc(6),
    u16(1),
    Buffer.alloc(16),
    u16(width, height),
    u32(0x48_0000, 0x48_0000, 0),
    u16(1),
    Buffer.alloc(32),
    u16(32, 0xffff),
  )
  const table = box(
    'stbl',
    full('stsd', u32(1), entry),
    full('stts', u32(ticks.length), ...ticks.map((ms) => u32(1, ms))),
    full('stsc', u32(1, 1, ticks.length, 1)),
    full('stsz', u32(4 * width * height, ticks.length)),
    full('co64', u32(1), u64(LEAD_BYTES)),
  )
  const media = box(
    'mdia',
    full('mdhd', u32(0, 0, TIMESCALE, duration, 0)),
    full('hdlr', 'mhlrvide', Buffer.alloc(13)),
    box('minf', full('vmhd', Buffer.alloc(8)), box('dinf', full('dref', u32(1), Buffer.from([0, 0, 0, 12]), 'url ', u32(1))), table),
  )
  const track = box(
    'trak',
    full('tkhd', u32(0, 0, 1, 0, duration), Buffer.alloc(16), matrix, u32(width * 0x1_0000, height * 0x1_0000)),
    media,
  )
  const movie = full('mvhd', u32(0, 0, TIMESCALE, duration, 0x1_0000, 0x100_0000, 0, 0), matrix, Buffer.alloc(24), u32(2))
  return box('moov', movie, track)
}

function box(name: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
  return Buffer.concat([u32(body.length + 8), Buffer.from(name, 'latin1'), body])
}

function full(name: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  return box(name, u32(0), ...parts)
}

function u16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, 2 * index)
  return bytes
}

function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}
