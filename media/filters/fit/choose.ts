import { applyLut } from '../apply-lut.ts'
import type { Formula } from '../filter.ts'
import { lutOf } from '../lut.ts'
import { meanDifference } from './colour-difference.ts'
import { fitOf } from './fit.ts'
import type { Pair } from './pairs.ts'

/** A radial term must win this much on photos that it was not fitted to. */
const RADIAL_GAIN_MIN = 0.25
/** One pixel in so many of each row and column is enough to choose by. */
const STEP = 3

export interface Fitted extends Formula {
  /** Mean colour difference (CIE 1976) on each photo of a fit to the other photos, averaged. */
  readonly leftOut: number
}

/** The fit of a filter; with a radial term only where that helps photos that were left out of the fit. */
export function fitFilter(pairs: readonly Pair[]): Fitted {
  const thin = pairs.map(thinned)
  const [flat, radial] = [candidateOf(pairs, thin, false), candidateOf(pairs, thin, true)]
  const { isRadial, fits } = flat.difference - radial.difference < RADIAL_GAIN_MIN ? flat : radial
  return { ...fitOf(pairs, isRadial), leftOut: differenceOf(fits, pairs) }
}

interface Candidate {
  readonly isRadial: boolean
  /** By photo: the fit to the others. */
  readonly fits: readonly Formula[]
  readonly difference: number
}

function candidateOf(pairs: readonly Pair[], thin: readonly Pair[], isRadial: boolean): Candidate {
  const fits = pairs.map((_, left) =>
    fitOf(
      pairs.filter((__, index) => index !== left),
      isRadial,
    ),
  )
  return { isRadial, fits, difference: differenceOf(fits, thin) }
}

/** How far the fits are off, each on the photo that it has not seen, in the mean. */
function differenceOf(fits: readonly Formula[], pairs: readonly Pair[]): number {
  const differences = pairs.map(({ width, height, before, after }, index) => {
    const fit = fits[index]
    if (!fit) throw new Error('a photo without a fit')
    const data = Uint8Array.from(before)
    applyLut({ data, width, height, channels: 3 }, lutOf(fit))
    return meanDifference(data, after)
  })
  return differences.reduce((sum, value) => sum + value, 0) / differences.length
}

/** The picture with fewer pixels, as they are; its sides keep their proportion, and its corners are where they were. */
function thinned({ photo, width, height, before, after }: Pair): Pair {
  const [columns, rows] = [Math.ceil(width / STEP), Math.ceil(height / STEP)]
  const kept = (pixels: Uint8Array) => {
    const few = new Uint8Array(columns * rows * 3)
    for (let y = 0, to = 0; y < height; y += STEP)
      for (let x = 0; x < width; x += STEP, to += 3) few.set(pixels.subarray(3 * (y * width + x), 3 * (y * width + x) + 3), to)
    return few
  }
  return { photo, width: columns, height: rows, before: kept(before), after: kept(after) }
}
