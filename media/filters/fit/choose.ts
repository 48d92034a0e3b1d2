import { applyLut } from '../apply-lut.ts'
import type { Filter } from '../filter.ts'
import { lutOf } from '../lut.ts'
import { meanDifference } from './colour-difference.ts'
import { type Form, fitsOf, forms } from './fit.ts'
import type { Pair } from './pairs.ts'

/** A radial term must win this much on photos that it was not fitted to. */
const RADIAL_GAIN_MIN = 0.25
/** One pixel in so many is enough to choose by. */
const STEP = 11

export interface Fitted extends Pick<Filter, 'colour' | 'radial'> {
  /** Mean colour difference (CIE 1976) on each photo of a fit to the other photos, averaged. */
  readonly leftOut: number
}

interface Candidate {
  readonly radial: boolean
  readonly form: Form
  /** By photo: the fit to the others. */
  readonly fits: readonly Pick<Filter, 'colour' | 'radial'>[]
  readonly leftOut: number
}

/** The fit of a filter, in the form that does best on photos that were left out of it; with a radial term only where that helps. */
export function fitFilter(pairs: readonly Pair[]): Fitted {
  const [flat, radial] = [false, true].map((withRadial) => best(candidatesOf(pairs, withRadial))) as [Candidate, Candidate]
  const chosen = flat.leftOut - radial.leftOut < RADIAL_GAIN_MIN ? flat : radial
  return { ...fitsOf(pairs, chosen.radial)[chosen.form], leftOut: differenceOf(chosen.fits, pairs) }
}

function candidatesOf(pairs: readonly Pair[], radial: boolean): Candidate[] {
  const byPhoto = pairs.map((_, left) =>
    fitsOf(
      pairs.filter((__, index) => index !== left),
      radial,
    ),
  )
  const thin = pairs.map(thinned)
  return forms.map((form) => {
    const fits = byPhoto.map((all) => all[form])
    return { radial, form, fits, leftOut: differenceOf(fits, thin) }
  })
}

function best(candidates: readonly Candidate[]): Candidate {
  return candidates.reduce((one, other) => (other.leftOut < one.leftOut ? other : one))
}

/** How far the fits are off, each on the photo that it has not seen, in the mean. */
function differenceOf(fits: readonly Pick<Filter, 'colour' | 'radial'>[], pairs: readonly Pair[]): number {
  const differences = pairs.map(({ width, height, before, after }, index) => {
    const fit = fits[index]
    if (!fit) throw new Error('a photo without a fit')
    const data = Uint8Array.from(before)
    applyLut({ data, width, height, channels: 3 }, lutOf(fit))
    return meanDifference(data, after)
  })
  return differences.reduce((sum, value) => sum + value, 0) / differences.length
}

/** Every so manieth row: a picture still, whose corners are where they were. */
function thinned({ photo, width, height, before, after }: Pair): Pair {
  const rows = Array.from({ length: Math.ceil(height / STEP) }, (_, row) => row * STEP * width * 3)
  const kept = (pixels: Uint8Array) => Buffer.concat(rows.map((at) => pixels.subarray(at, at + width * 3)))
  return { photo, width, height: rows.length, before: kept(before), after: kept(after) }
}
