import { type Lut, type Pixels, squaredOffsets } from './lut.ts'

/** Weights are of this: 7 bits, which with 9 of a value in halves of 255 make a field of 16. */
const WHOLE = 128
/** Bits of a field below the value proper. */
const BELOW = 8
/** A half in a field, so that cutting off what is below rounds; and in both fields of a number. */
const HALF = 128
const HALVES = (HALF << 16) | HALF
/** How far towards the corners a pixel lies is told in so many parts, and along each side in finer ones by so many bits. */
const OUTWARDS = 256
const OUTWARDS_BELOW = 12

/** Packed cubes of the luts in use. */
const packedCubes = new WeakMap<Float32Array, Int32Array>()

/** Two numbers for each colour, red above blue and green: one multiplication then weighs two channels. */
function packed(values: Float32Array): Int32Array {
  const known = packedCubes.get(values)
  if (known) return known
  const field = (at: number) => Math.round(510 * (values[at] as number))
  const colours = new Int32Array((values.length / 3) * 2)
  for (let from = 0, to = 0; from < values.length; from += 3, to += 2) {
    colours[to] = (field(from) << 16) | field(from + 2)
    colours[to + 1] = field(from + 1)
  }
  packedCubes.set(values, colours)
  return colours
}

/**
 * Looks every pixel up in the cube, in place; alpha is left alone. Tetrahedral interpolation (Kasson et al. 1993):
 * four corners of the cell instead of eight, and greys stay on the cell's diagonal, so they get no tint of their
 * neighbours.
 */
export function applyLut({ data, width, height, channels }: Pixels, { size, values, corners }: Lut): void {
  const { base, rest } = stepsOf(size)
  const alongRed = 2
  const alongGreen = 2 * size
  const alongBlue = 2 * size * size
  const baseRed = base.map((step) => step * alongRed)
  const baseGreen = base.map((step) => step * alongGreen)
  const baseBlue = base.map((step) => step * alongBlue)
  const toWhite = alongRed + alongGreen + alongBlue
  const centre = packed(values)
  const outside = corners === undefined ? null : packed(corners)
  const [across, down] = outwardsOf(width, height)
  // This loop runs millions of times: scalars only and no inner loop; every index is within its table by construction.
  let at = 0
  for (let y = 0; y < height; y++) {
    const downwards = down[y] as number
    for (let x = 0; x < width; x++, at += channels) {
      const r = data[at] as number
      const g = data[at + 1] as number
      const b = data[at + 2] as number
      const fr = rest[r] as number
      const fg = rest[g] as number
      const fb = rest[b] as number
      const black = (baseRed[r] as number) + (baseGreen[g] as number) + (baseBlue[b] as number)
      const white = black + toWhite
      // From black to white along the axes, the largest part first: two corners lie between.
      let first = black
      let second = white
      let most = fr
      let middle = fg
      let least = fb
      if (fr > fg) {
        if (fg > fb) {
          first += alongRed
          second -= alongBlue
        } else if (fr > fb) {
          first += alongRed
          second -= alongGreen
          middle = fb
          least = fg
        } else {
          first += alongBlue
          second -= alongGreen
          most = fb
          middle = fr
          least = fg
        }
      } else if (fr > fb) {
        first += alongGreen
        second -= alongBlue
        most = fg
        middle = fr
      } else if (fg > fb) {
        first += alongGreen
        second -= alongRed
        most = fg
        middle = fb
        least = fr
      } else {
        first += alongBlue
        second -= alongRed
        most = fb
        least = fr
      }
      const w0 = WHOLE - most
      const w1 = most - middle
      const w2 = middle - least
      const redBlue =
        HALVES +
        Math.imul(w0, centre[black] as number) +
        Math.imul(w1, centre[first] as number) +
        Math.imul(w2, centre[second] as number) +
        Math.imul(least, centre[white] as number)
      const green =
        HALF +
        Math.imul(w0, centre[black + 1] as number) +
        Math.imul(w1, centre[first + 1] as number) +
        Math.imul(w2, centre[second + 1] as number) +
        Math.imul(least, centre[white + 1] as number)
      if (outside === null) {
        data[at] = redBlue >>> (16 + BELOW)
        data[at + 1] = green >> BELOW
        data[at + 2] = (redBlue & 0xffff) >> BELOW
        continue
      }
      const redBlueThere =
        HALVES +
        Math.imul(w0, outside[black] as number) +
        Math.imul(w1, outside[first] as number) +
        Math.imul(w2, outside[second] as number) +
        Math.imul(least, outside[white] as number)
      const greenThere =
        HALF +
        Math.imul(w0, outside[black + 1] as number) +
        Math.imul(w1, outside[first + 1] as number) +
        Math.imul(w2, outside[second + 1] as number) +
        Math.imul(least, outside[white + 1] as number)
      const outwards = ((across[x] as number) + downwards) >> OUTWARDS_BELOW
      const inwards = OUTWARDS - outwards
      data[at] = (Math.imul(redBlue >>> 16, inwards) + Math.imul(redBlueThere >>> 16, outwards)) >> (8 + BELOW)
      data[at + 1] = (Math.imul(green, inwards) + Math.imul(greenThere, outwards)) >> (8 + BELOW)
      data[at + 2] = (Math.imul(redBlue & 0xffff, inwards) + Math.imul(redBlueThere & 0xffff, outwards)) >> (8 + BELOW)
    }
  }
}

/** What the columns and what the rows add to how far outwards a pixel lies. */
function outwardsOf(width: number, height: number): readonly [across: Int32Array, down: Int32Array] {
  const [across, down] = [squaredOffsets(width), squaredOffsets(height)]
  const scale = (OUTWARDS << OUTWARDS_BELOW) / ((across[0] ?? 0) + (down[0] ?? 0) || 1)
  // Half a part more on one of them: the sum is then rounded, not cut off.
  const half = 1 << (OUTWARDS_BELOW - 1)
  return [
    Int32Array.from(across, (square) => Math.floor(square * scale)),
    Int32Array.from(down, (square) => Math.floor(square * scale) + half),
  ]
}

/** For each of the 256 values: the step below it, and how far it is beyond, of {@link WHOLE}. White lies in the last cell. */
function stepsOf(size: number): { readonly base: Int32Array; readonly rest: Int32Array } {
  const base = new Int32Array(256)
  const rest = new Int32Array(256)
  for (let value = 0; value < 256; value++) {
    const exact = (value / 255) * (size - 1)
    base[value] = Math.min(size - 2, Math.floor(exact))
    rest[value] = Math.round((exact - (base[value] ?? 0)) * WHOLE)
  }
  return { base, rest }
}
