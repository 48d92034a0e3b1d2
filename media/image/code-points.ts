import type { Picture } from './picture.ts'

/** Nits of diffuse white in HDR (ITU-R BT.2408, section 2.1), and the brightest that is still told apart. */
const WHITE_NITS = 203
const PEAK_NITS = 1_000
/** Up to here, of a white of 1, tones stay as they are; what is brighter shares the rest. */
const KNEE = 0.7

/** From linear light of other primaries to that of BT.709, rows of a matrix, white D65: derived from H.273's chromaticities. */
const toSrgbPrimaries: Readonly<Record<number, readonly number[]>> = {
  9: [1.660491, -0.587641, -0.07285, -0.12455, 1.1329, -0.008349, -0.018151, -0.100579, 1.11873],
  11: [1.22494, -0.22494, 0, -0.042057, 1.042057, 0, -0.019638, -0.078636, 1.098273],
  12: [1.22494, -0.22494, 0, -0.042057, 1.042057, 0, -0.019638, -0.078636, 1.098273],
}
const PQ = 16
const HLG = 18

/** Whether pixels with these code points of ITU-T H.273 look right when they are taken for sRGB. */
export function meansSrgb({ primaries, transfer }: CodePoints): boolean {
  return toSrgbPrimaries[primaries] === undefined && !(transfer in curves)
}

export interface CodePoints {
  readonly primaries: number
  readonly transfer: number
}

/** To linear light, white = 1, of a value 0..1, by transfer (H.273, table 3); those that are not here are taken for sRGB's. */
const curves: Readonly<Record<number, (value: number) => number>> = {
  4: (value) => value ** 2.2,
  5: (value) => value ** 2.8,
  8: (value) => value,
  [PQ]: pqLight,
  [HLG]: hlgLight,
}

/**
 * Pixels of 16 bits per channel with the meaning of the code points, as sRGB of 8 bits. What is brighter than
 * white is rolled off by the brightest channel, so that hues stay.
 */
export function srgbFrom(
  {
    data,
    width,
    height,
    channels,
  }: { readonly data: Uint16Array; readonly width: number; readonly height: number; readonly channels: 3 | 4 },
  { primaries, transfer }: CodePoints,
): Picture {
  const curve = curves[transfer] ?? srgbLight
  const light = Float32Array.from({ length: 65_536 }, (_, value) => curve(value / 65_535))
  const encoded = Uint8Array.from({ length: 4_097 }, (_, value) => Math.round(255 * srgbValue(value / 4_096)))
  const [rr = 1, rg = 0, rb = 0, gr = 0, gg = 1, gb = 0, br = 0, bg = 0, bb = 1] = toSrgbPrimaries[primaries] ?? []
  const hdr = transfer === PQ || transfer === HLG
  const out = Buffer.alloc(data.length)
  const valueOf = (linear: number) => encoded[Math.round(4_096 * Math.min(1, Math.max(0, linear)))] ?? 0
  for (let at = 0; at < data.length; at += channels) {
    let [red, green, blue] = [light[data[at] ?? 0] ?? 0, light[data[at + 1] ?? 0] ?? 0, light[data[at + 2] ?? 0] ?? 0]
    if (transfer === HLG) {
      // The system's gamma of 1.2 acts on luminance (ITU-R BT.2100, table 5).
      const gain = (0.2627 * red + 0.678 * green + 0.0593 * blue) ** 0.2 * (PEAK_NITS / WHITE_NITS)
      ;[red, green, blue] = [red * gain, green * gain, blue * gain]
    }
    let [r, g, b] = [rr * red + rg * green + rb * blue, gr * red + gg * green + gb * blue, br * red + bg * green + bb * blue]
    if (hdr) {
      const most = Math.max(r, g, b)
      const scale = most > KNEE ? rolledOff(most) / most : 1
      ;[r, g, b] = [r * scale, g * scale, b * scale]
    }
    out[at] = valueOf(r)
    out[at + 1] = valueOf(g)
    out[at + 2] = valueOf(b)
    if (channels === 4) out[at + 3] = (data[at + 3] ?? 0) >>> 8
  }
  return { data: out, width, height, channels }
}

/** Slope 1 at the knee, 1 at the peak, and no corner between. */
function rolledOff(value: number): number {
  const [room, range] = [1 - KNEE, PEAK_NITS / WHITE_NITS - KNEE]
  const over = Math.min(value - KNEE, range)
  const bend = 1 / room - 1 / range
  return KNEE + over / (1 + bend * over)
}

/** IEC 61966-2-1. */
function srgbLight(value: number): number {
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

function srgbValue(linear: number): number {
  return linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055
}

/** SMPTE ST 2084 (ITU-R BT.2100, table 4). */
function pqLight(value: number): number {
  const root = value ** (32 / 2_523)
  return ((Math.max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (16_384 / 2_610) * 10_000) / WHITE_NITS
}

/** Light of the scene, 0..1 (ITU-R BT.2100, table 5). */
function hlgLight(value: number): number {
  return value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - 0.55991073) / 0.17883277) + 0.28466892) / 12
}
