import { exceedsSrgb, isDisplayP3, P3_TO_XYZ, SRGB_TO_XYZ, srgbOf, srgbValue } from './display-p3.ts'
import { inverse, type Matrix, type MatrixProfile, matrixProfileOf, multiplied } from './matrix-profile.ts'
import type { Picture } from './picture.ts'

/** Of linear light: a primary has to lie so far beyond sRGB for a profile to count as wide. */
const BEYOND = 0.02
/** Linear light is looked up in so fine steps that none of 8 bits is missed. */
const STEPS = 16_384

/** What of a source's profile is wider than sRGB. */
export type WideSource =
  | { readonly is: 'p3' }
  | ({ readonly is: 'matrix'; readonly toP3: Matrix; readonly toSrgb: Matrix } & Pick<MatrixProfile, 'curves'>)

/** Decoded pixels that no profile was applied to, of 8 or 16 bits per channel. */
export type BarePixels = Omit<Picture, 'data' | 'isP3'> & { readonly data: Buffer | Uint16Array }

/** How pixels with a profile can show more than sRGB does: as Display P3, or by way of it (Adobe RGB, ProPhoto, Rec. 2020); null where they cannot. */
export function wideSourceOf(icc: Uint8Array): WideSource | null {
  if (isDisplayP3(icc)) return { is: 'p3' }
  const profile = matrixProfileOf(icc)
  if (!profile) return null
  const toSrgb = multiplied(inverse(SRGB_TO_XYZ), profile.toXyz)
  if (!toSrgb.every(Number.isFinite) || !toSrgb.some((part) => part < -BEYOND)) return null
  return { is: 'matrix', toP3: multiplied(inverse(P3_TO_XYZ), profile.toXyz), toSrgb, curves: profile.curves }
}

/** Pixels of a wide source in Display P3, where sRGB does not have them all, else in sRGB. What is beyond goes to the edge. */
export function shownOf(pixels: BarePixels, source: WideSource): Picture {
  const seen = source.is === 'p3' ? bytesOf(pixels) : brought(pixels, source.toP3, source.curves)
  if (exceedsSrgb(seen)) return { ...seen, isP3: true }
  return source.is === 'p3' ? srgbOf(seen) : brought(pixels, source.toSrgb, source.curves)
}

/** Pixels with a profile of three curves and a matrix as sRGB; null where the profile is of another kind. What is beyond goes to the edge. */
export function srgbBy(icc: Uint8Array): ((pixels: BarePixels) => Picture) | null {
  const profile = matrixProfileOf(icc)
  if (!profile) return null
  const toSrgb = multiplied(inverse(SRGB_TO_XYZ), profile.toXyz)
  return toSrgb.every(Number.isFinite) ? (pixels) => brought(pixels, toSrgb, profile.curves) : null
}

/** Pixels of 16 bits rounded to 8; those of 8 as they are. */
export function bytesOf({ data, ...shape }: BarePixels): Picture {
  return { ...shape, data: data instanceof Uint16Array ? Buffer.from(data.map((value) => Math.round(value / 257))) : data }
}

function brought({ data, width, height, channels }: BarePixels, matrix: Matrix, curves: MatrixProfile['curves']): Picture {
  const most = data instanceof Uint16Array ? 65_535 : 255
  const [reds, greens, blues] = curves.map((curve) => Float32Array.from({ length: most + 1 }, (_, value) => curve(value / most))) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const encoded = Uint8Array.from({ length: STEPS + 1 }, (_, step) => srgbValue(step / STEPS))
  const valueOf = (linear: number) => encoded[Math.round(STEPS * Math.min(1, Math.max(0, linear)))] ?? 0
  const [rr = 0, rg = 0, rb = 0, gr = 0, gg = 0, gb = 0, br = 0, bg = 0, bb = 0] = matrix
  const out = Buffer.alloc(data.length)
  for (let at = 0; at < data.length; at += channels) {
    const [red, green, blue] = [reds[data[at] ?? 0] ?? 0, greens[data[at + 1] ?? 0] ?? 0, blues[data[at + 2] ?? 0] ?? 0]
    out[at] = valueOf(rr * red + rg * green + rb * blue)
    out[at + 1] = valueOf(gr * red + gg * green + gb * blue)
    out[at + 2] = valueOf(br * red + bg * green + bb * blue)
    if (channels === 4) out[at + 3] = most === 255 ? (data[at + 3] ?? 0) : (data[at + 3] ?? 0) >>> 8
  }
  return { data: out, width, height, channels }
}
