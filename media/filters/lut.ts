import { type Colour, type Formula, mixersOf } from './filter.ts'

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
export function lutOf(filter: Formula, options: LutOptions = {}): Lut {
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
export function squaredOffsets(length: number): Float64Array {
  return Float64Array.from({ length }, (_, index) => (index - (length - 1) / 2) ** 2)
}
