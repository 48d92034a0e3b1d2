import type { Filter } from '../filter.ts'
import { applyLut } from '../apply-lut.ts'
import { lutOf } from '../lut.ts'
import { meanDifference } from './colour-difference.ts'
import { fitOf, sumsOf } from './fit.ts'
import type { Pair } from './pairs.ts'

/** A radial term must win this much on photos that it was not fitted to. */
const RADIAL_GAIN_MIN = 0.25

export interface Fitted extends Pick<Filter, 'colour' | 'radial'> {
  /** Mean colour difference (CIE 1976) on each photo of a fit to the other photos, averaged. */
  readonly leftOut: number
  /** Per left-out photo: the picture that the fit to the others makes of it. */
  readonly rendered: readonly Uint8Array[]
}

/** The fit of a filter, with a radial term where that helps photos that were left out of the fit. */
export function fitFilter(pairs: readonly Pair[]): Fitted {
  const flat = crossFit(pairs, false)
  const radial = crossFit(pairs, true)
  return flat.leftOut - radial.leftOut < RADIAL_GAIN_MIN ? flat : radial
}

function crossFit(pairs: readonly Pair[], radial: boolean): Fitted {
  const sums = pairs.map((pair) => sumsOf(pair, radial))
  const rendered = pairs.map((pair, left) => {
    const data = Uint8Array.from(pair.before)
    applyLut({ data, width: pair.width, height: pair.height, channels: 3 }, lutOf(fitOf(sums.filter((_, index) => index !== left))))
    return data
  })
  const differences = pairs.map((pair, index) => meanDifference(rendered[index] ?? new Uint8Array(), pair.after))
  return { ...fitOf(sums), rendered, leftOut: differences.reduce((sum, value) => sum + value, 0) / pairs.length }
}
