import { type Filter, mixerOf } from './filter.ts'

/** A cube of colours: `size` steps per channel, three values 0..1 per colour, red fastest (as in .cube files). */
export interface Lut {
  readonly size: number
  readonly values: Float32Array
}

/** 33 steps: 57 dB to the exact function with tetrahedral interpolation, and the size that every tool takes. */
const USUAL_SIZE = 33

/** The colours of a filter as a cube; its radial part, which depends on the place, is not in it. */
export function lutOf(filter: Filter, size = USUAL_SIZE): Lut {
  const values = new Float32Array(size ** 3 * 3)
  const step = 1 / (size - 1)
  const mix = mixerOf(filter.colour)
  let at = 0
  for (let blue = 0; blue < size; blue++)
    for (let green = 0; green < size; green++)
      for (let red = 0; red < size; red++) {
        values.set(mix(red * step, green * step, blue * step), at)
        at += 3
      }
  return { size, values }
}

/**
 * Looks every pixel of `raw` (8 bits, `channels` of 3 or 4 interleaved) up in the cube, in place; alpha is left
 * alone. Tetrahedral interpolation (Kasson et al. 1993): four corners of the cell instead of eight, and greys
 * stay on the cell's diagonal, so they get no tint of their neighbours.
 */
export function applyLut(raw: Uint8Array, channels: number, lut: Lut): void {
  const { size, values } = lut
  const { base, rest } = stepsOf(size)
  const alongRed = 3
  const alongGreen = 3 * size
  const alongBlue = 3 * size * size
  const toWhite = alongRed + alongGreen + alongBlue
  // This loop runs millions of times: scalars only, every index is within its table by construction.
  for (let at = 0; at + 2 < raw.length; at += channels) {
    const r = raw[at] as number
    const g = raw[at + 1] as number
    const b = raw[at + 2] as number
    const fr = rest[r] as number
    const fg = rest[g] as number
    const fb = rest[b] as number
    const black = (base[r] as number) * alongRed + (base[g] as number) * alongGreen + (base[b] as number) * alongBlue
    const white = black + toWhite
    // From black to white along the axes, the largest part first: two corners lie between.
    const most = Math.max(fr, fg, fb)
    const least = Math.min(fr, fg, fb)
    const first = black + (most === fr ? alongRed : most === fg ? alongGreen : alongBlue)
    const second = white - (least === fb ? alongBlue : least === fg ? alongGreen : alongRed)
    const middle = fr + fg + fb - most - least
    const w0 = 255 * (1 - most)
    const w1 = 255 * (most - middle)
    const w2 = 255 * (middle - least)
    const w3 = 255 * least
    raw[at] =
      w0 * (values[black] as number) +
      w1 * (values[first] as number) +
      w2 * (values[second] as number) +
      w3 * (values[white] as number) +
      0.5
    raw[at + 1] =
      w0 * (values[black + 1] as number) +
      w1 * (values[first + 1] as number) +
      w2 * (values[second + 1] as number) +
      w3 * (values[white + 1] as number) +
      0.5
    raw[at + 2] =
      w0 * (values[black + 2] as number) +
      w1 * (values[first + 2] as number) +
      w2 * (values[second + 2] as number) +
      w3 * (values[white + 2] as number) +
      0.5
  }
}

/** For each of the 256 values: the step below it, and how far it is beyond (0..1). White lies in the last cell. */
function stepsOf(size: number): { readonly base: Uint8Array; readonly rest: Float32Array } {
  const base = new Uint8Array(256)
  const rest = new Float32Array(256)
  for (let value = 0; value < 256; value++) {
    const exact = (value / 255) * (size - 1)
    base[value] = Math.min(size - 2, Math.floor(exact))
    rest[value] = exact - (base[value] ?? 0)
  }
  return { base, rest }
}
