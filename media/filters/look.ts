import type { Look } from '../../domain/edits.ts'
import { adjusterOf, vignetteOf } from './adjust.ts'
import type { ColourPolynomial } from './filter.ts'
import { filterNamed } from './index.ts'
import { type Lut, lutOf } from './lut.ts'

const unchanged: ColourPolynomial = { degree: 1, red: [0.5, 0.5, 0, 0], green: [0.5, 0, 0.5, 0], blue: [0.5, 0, 0, 0.5] }

/** Everything that is done to an item's colours as a cube, or as two where it is not the same all over; FILTER_UNKNOWN. */
export function lookLut({ filter, edits = {} }: Look): Lut {
  return lutOf(filter === null ? { colour: unchanged } : filterNamed(filter), {
    strength: edits.strength,
    adjust: adjusterOf(edits),
    adjustCorners: vignetteOf(edits),
  })
}
