import { textAt } from '../../domain/bytes.ts'
import { viewOf } from './header-parts.ts'
import type { Picture } from './picture.ts'

/** Columns of the primaries, adapted to D50 (SMPTE EG 432-1 through ICC.1, annex E). */
const COLUMNS = [
  [0.51512, 0.2412, -0.00105],
  [0.29198, 0.69225, 0.04189],
  [0.1571, 0.06657, 0.78407],
] as const
/** From linear light to XYZ under D50; sRGB's from its chromaticities by Bradford's way. */
export const P3_TO_XYZ = [0, 1, 2].flatMap((row) => COLUMNS.map((column) => column[row] ?? 0))
export const SRGB_TO_XYZ = [0.43607, 0.38515, 0.14307, 0.22249, 0.71687, 0.06061, 0.01392, 0.09708, 0.7141] as const
/** The white of all profiles. */
const WHITE = [0.9642, 1, 0.8249] as const
/** Gamma and coefficients of IEC 61966-2-1 as a parametric curve (ICC.1, section 10.18, type 3). */
const CURVE = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045] as const
const TAGS = ['rXYZ', 'gXYZ', 'bXYZ'] as const
const NEAR = 0.003

/** From linear light of P3 to that of BT.709. */
const TO_SRGB = [
  [1.22494, -0.22494, 0],
  [-0.042057, 1.042057, 0],
  [-0.019638, -0.078636, 1.098273],
] as const
/** Linear light that a colour has to lie beyond sRGB by: less is not told from noise. */
const BEYOND = 0.004
/** Share of the pixels from which on a picture is said to need more than sRGB. */
const SHARE_MIN = 0.001

/** Whether a profile is Display P3, by whomever it was written: its primaries, and sRGB's curve. */
export function isDisplayP3(icc: Uint8Array): boolean {
  if (icc.length < 132 || textAt(icc, 16, 4) !== 'RGB ') return false
  const view = viewOf(icc)
  const tags = new Map<string, number>()
  for (let index = 0; index < Math.min(64, view.getUint32(128)) && 144 + 12 * index <= icc.length; index++)
    tags.set(textAt(icc, 132 + 12 * index, 4), view.getUint32(136 + 12 * index))
  const fixed = (at: number) => view.getInt32(at) / 65_536
  const primaries = TAGS.every((tag, index) => {
    const at = tags.get(tag) ?? icc.length
    return at + 20 <= icc.length && (COLUMNS[index] ?? []).every((value, axis) => Math.abs(fixed(at + 8 + 4 * axis) - value) < NEAR)
  })
  const curve = tags.get('rTRC') ?? icc.length
  if (!primaries || curve + 16 > icc.length) return false
  if (textAt(icc, curve, 4) === 'para') return view.getUint16(curve + 8) >= 3 && Math.abs(fixed(curve + 12) - CURVE[0]) < NEAR
  const count = view.getUint32(curve + 8)
  const middle = curve + 12 + 2 * (count >> 1)
  return count >= 256 && middle + 2 <= icc.length && Math.abs(view.getUint16(middle) / 65_535 - linear(0.5)) < 0.01
}

/** A profile of Display P3, the least that readers ask for (ICC.1:2010, section 8.3). */
export function displayP3(): Buffer {
  const fixed = (...values: readonly number[]) => {
    const bytes = Buffer.alloc(4 * values.length)
    for (const [index, value] of values.entries()) bytes.writeInt32BE(Math.round(value * 65_536), 4 * index)
    return bytes
  }
  const text = (words: string) => {
    const head = Buffer.from('mluc\0\0\0\0\0\0\0\x01\0\0\0\x0cenUS\0\0\0\0\0\0\0\x1c', 'latin1')
    head.writeUInt32BE(2 * words.length, 20)
    const body = Buffer.from(words, 'utf16le').swap16()
    return Buffer.concat([head, body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  }
  const xyz = (values: readonly number[]) => Buffer.concat([Buffer.from('XYZ \0\0\0\0', 'latin1'), fixed(...values)])
  const curve = Buffer.concat([Buffer.from('para\0\0\0\0\0\x03\0\0', 'latin1'), fixed(...CURVE)])
  const parts = [text('Display P3'), text('CC0'), xyz(WHITE), ...COLUMNS.map(xyz), curve]
  const tags = ['desc', 'cprt', 'wtpt', ...TAGS, 'rTRC', 'gTRC', 'bTRC']
  const table = Buffer.alloc(4 + 12 * tags.length)
  table.writeUInt32BE(tags.length)
  const starts: number[] = []
  let end = 128 + table.length
  for (const part of parts) {
    starts.push(end)
    end += part.length
  }
  for (const [index, tag] of tags.entries()) {
    // The three curves are one.
    const place = Math.min(index, parts.length - 1)
    table.write(tag, 4 + 12 * index, 'latin1')
    table.writeUInt32BE(starts[place] ?? 0, 8 + 12 * index)
    table.writeUInt32BE(parts[place]?.length ?? 0, 12 + 12 * index)
  }
  const header = Buffer.alloc(128)
  header.writeUInt32BE(end)
  header.writeUInt32BE(0x0420_0000, 8)
  header.write('mntrRGB XYZ ', 12, 'latin1')
  header.write('acsp', 36, 'latin1')
  fixed(...WHITE).copy(header, 68)
  return Buffer.concat([header, table, ...parts])
}

/** Whether pixels in P3 show colours that sRGB does not have. */
export function exceedsSrgb({ data, channels }: Picture): boolean {
  const enough = SHARE_MIN * (data.length / channels)
  let beyond = 0
  for (let at = 0; at < data.length; at += channels) {
    const [red, green, blue] = [light[data[at] ?? 0] ?? 0, light[data[at + 1] ?? 0] ?? 0, light[data[at + 2] ?? 0] ?? 0]
    for (const [r, g, b] of TO_SRGB) {
      const value = r * red + g * green + b * blue
      if (value >= -BEYOND && value <= 1 + BEYOND) continue
      beyond++
      break
    }
    if (beyond > enough) return true
  }
  return false
}

/** Pixels in P3 as sRGB; what lies outside goes to its edge. */
export function srgbOf(picture: Picture): Picture {
  const { data, channels } = picture
  const out = Buffer.from(data)
  for (let at = 0; at < data.length; at += channels) {
    const [red, green, blue] = [light[data[at] ?? 0] ?? 0, light[data[at + 1] ?? 0] ?? 0, light[data[at + 2] ?? 0] ?? 0]
    for (const [channel, [r, g, b]] of TO_SRGB.entries()) out[at + channel] = srgbValue(r * red + g * green + b * blue)
  }
  return { ...picture, data: out }
}

const light = Float64Array.from({ length: 256 }, (_, value) => linear(value / 255))

function linear(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** The 8 bits of linear light 0..1: sRGB's curve, which is P3's too. */
export function srgbValue(value: number): number {
  const within = Math.min(1, Math.max(0, value))
  return Math.round(255 * (within <= 0.0031308 ? 12.92 * within : 1.055 * within ** (1 / 2.4) - 0.055))
}
