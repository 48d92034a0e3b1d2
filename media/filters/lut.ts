import { type Colour, type Filter, mixersOf } from './filter.ts'

/** A cube of colours: `size` steps per channel, three values 0..1 per colour, red fastest (as in .cube files). */
export interface Lut {
  readonly size: number
  /** In the centre. */
  readonly values: Float32Array
  /** In the corners, where that differs; in between by the squared distance from the centre. */
  readonly corners?: Float32Array
}

/** Pixels of 8 bits, `channels` of 3 or 4 interleaved. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** 33 steps: 57 dB to the exact function with tetrahedral interpolation, and the size that every tool takes. */
const USUAL_SIZE = 33

export interface LutOptions {
  /** From 0 (nothing is changed) to 100 (the filter as it is). */
  readonly strength?: number | undefined
  /** What is done after the filter. */
  readonly adjust?: ((colour: Colour) => Colour) | undefined
  /** What is done after that in the corners, and the less the nearer the centre. */
  readonly adjustCorners?: ((colour: Colour) => Colour) | undefined
  readonly size?: number
}

/** The colours of a filter as a cube. */
export function lutOf(filter: Pick<Filter, 'colour' | 'radial'>, options: LutOptions = {}): Lut {
  const { strength = 100, adjust = (colour) => colour, adjustCorners, size = USUAL_SIZE } = options
  const { centre, corners } = mixersOf(filter)
  const share = strength / 100
  const mixCorners = corners ?? (adjustCorners && centre)
  const adjustThere = adjustCorners ? (colour: Colour) => adjustCorners(adjust(colour)) : adjust
  return {
    size,
    values: cubeValues(size, share, centre, adjust),
    ...(mixCorners ? { corners: cubeValues(size, share, mixCorners, adjustThere) } : {}),
  }
}

function cubeValues(size: number, share: number, mix: (...from: Colour) => Colour, adjust: (colour: Colour) => Colour): Float32Array {
  const values = new Float32Array(size ** 3 * 3)
  const step = 1 / (size - 1)
  let at = 0
  for (let blue = 0; blue < size; blue++)
    for (let green = 0; green < size; green++)
      for (let red = 0; red < size; red++) {
        const from = [red * step, green * step, blue * step] as const
        const [toRed, toGreen, toBlue] = mix(...from)
        const part = (before: number, after: number) => before * (1 - share) + after * share
        values.set(adjust([part(from[0], toRed), part(from[1], toGreen), part(from[2], toBlue)]), at)
        at += 3
      }
  return values
}

/**
 * Looks every pixel up in the cube, in place; alpha is left alone. Tetrahedral interpolation (Kasson et al. 1993):
 * four corners of the cell instead of eight, and greys stay on the cell's diagonal, so they get no tint of their
 * neighbours.
 */
export function applyLut({ data, width, height, channels }: Pixels, { size, values, corners }: Lut): void {
  const { base, rest } = stepsOf(size)
  const alongGreen = 3 * size
  const alongBlue = 3 * size * size
  const toWhite = 3 + alongGreen + alongBlue
  const across = squaredOffsets(width)
  const down = squaredOffsets(height)
  const scale = 1 / ((across[0] ?? 0) + (down[0] ?? 0) || 1)
  // This loop runs millions of times: scalars only and no inner loop; every index is within its table by construction.
  let at = 0
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += channels) {
      const r = data[at] as number
      const g = data[at + 1] as number
      const b = data[at + 2] as number
      const fr = rest[r] as number
      const fg = rest[g] as number
      const fb = rest[b] as number
      const black = (base[r] as number) * 3 + (base[g] as number) * alongGreen + (base[b] as number) * alongBlue
      const white = black + toWhite
      // From black to white along the axes, the largest part first: two corners lie between.
      const most = fr > fg ? (fr > fb ? fr : fb) : fg > fb ? fg : fb
      const least = fr < fg ? (fr < fb ? fr : fb) : fg < fb ? fg : fb
      const first = black + (most === fr ? 3 : most === fg ? alongGreen : alongBlue)
      const second = white - (least === fb ? alongBlue : least === fg ? alongGreen : 3)
      const middle = fr + fg + fb - most - least
      const w0 = 255 * (1 - most)
      const w1 = 255 * (most - middle)
      const w2 = 255 * (middle - least)
      const w3 = 255 * least
      let red =
        0.5 +
        w0 * (values[black] as number) +
        w1 * (values[first] as number) +
        w2 * (values[second] as number) +
        w3 * (values[white] as number)
      let green =
        0.5 +
        w0 * (values[black + 1] as number) +
        w1 * (values[first + 1] as number) +
        w2 * (values[second + 1] as number) +
        w3 * (values[white + 1] as number)
      let blue =
        0.5 +
        w0 * (values[black + 2] as number) +
        w1 * (values[first + 2] as number) +
        w2 * (values[second + 2] as number) +
        w3 * (values[white + 2] as number)
      if (corners !== undefined) {
        const outwards = ((across[x] as number) + (down[y] as number)) * scale
        const inwards = 1 - outwards
        red =
          inwards * red +
          outwards *
            (0.5 +
              w0 * (corners[black] as number) +
              w1 * (corners[first] as number) +
              w2 * (corners[second] as number) +
              w3 * (corners[white] as number))
        green =
          inwards * green +
          outwards *
            (0.5 +
              w0 * (corners[black + 1] as number) +
              w1 * (corners[first + 1] as number) +
              w2 * (corners[second + 1] as number) +
              w3 * (corners[white + 1] as number))
        blue =
          inwards * blue +
          outwards *
            (0.5 +
              w0 * (corners[black + 2] as number) +
              w1 * (corners[first + 2] as number) +
              w2 * (corners[second + 2] as number) +
              w3 * (corners[white + 2] as number))
      }
      data[at] = red
      data[at + 1] = green
      data[at + 2] = blue
    }
}

/** How far towards the corners each pixel lies, as 8 bits: what a video's frames are mixed by. */
export function cornerMask(width: number, height: number): Uint8Array {
  const across = squaredOffsets(width)
  const down = squaredOffsets(height)
  const farthest = (across[0] ?? 0) + (down[0] ?? 0) || 1
  return Uint8Array.from({ length: width * height }, (_, at) =>
    Math.round((255 * ((across[at % width] ?? 0) + (down[Math.floor(at / width)] ?? 0))) / farthest),
  )
}

/** Squared distances of a line's pixels from its middle. */
function squaredOffsets(length: number): Float64Array {
  return Float64Array.from({ length }, (_, index) => (index - (length - 1) / 2) ** 2)
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
