import { type Colour, type ColourPolynomial, type Curve, type Curves, exponentsOf, type Formula, placeOf, termsOf } from '../filter.ts'

const DEGREE = 5
const RADIAL_DEGREE = 2
/** Points of a curve: every second step of the usual cube, so that its bends are the cube's own. */
const POINTS = 17

/**
 * How strongly coefficients are held where they are, per sample: those of polynomials by which factors more with each
 * power of the channel's own and of the other ones (curves drawn channel by channel are what filters mostly are), each
 * point of a curve, and what bends it at a point.
 */
const HOLD = { pull: 1e-5, own: 2, other: 3, point: 6e-6, bend: 3e-3 } as const

const colourExponents = exponentsOf(DEGREE)
const radialExponents = exponentsOf(RADIAL_DEGREE)

/** The terms of a formula, in one list: the polynomial's, where there is one the radial polynomial's, the curves' points. */
export interface Terms {
  readonly size: number
  /** Writes every term's value for a colour so far outwards, 0..1. */
  readonly fill: (terms: Float64Array, colour: Colour, outwards: number) => void
  /** How strongly a channel's coefficients are drawn to where they rest, per sample. */
  readonly pulls: (channel: number) => number[]
  /** A channel's coefficients when nothing changes it. */
  readonly rest: (channel: number) => number[]
  /** Sums of terms that shall be small: what curves bend by, weighed as one sample. */
  readonly bends: readonly Float64Array[]
  /** The formula of three channels' coefficients. */
  readonly formula: (channels: readonly (readonly number[])[]) => Formula
}

export function termsFor(isRadial: boolean): Terms {
  const polynomials = isRadial ? [...colourExponents, ...radialExponents] : colourExponents
  const first = polynomials.length
  const size = first + 3 * POINTS
  const colourTerms = termsOf(DEGREE)
  return {
    size,
    fill(terms, colour, outwards) {
      const values = colourTerms(...colour)
      terms.fill(0)
      terms.set(values)
      // The first terms of a polynomial are those of the lower degree.
      for (let index = colourExponents.length; index < first; index++)
        terms[index] = (values[index - colourExponents.length] as number) * outwards
      for (const channel of [0, 1, 2] as const) {
        const [before, beyond] = placeOf(colour[channel], POINTS)
        terms[first + channel * POINTS + before] = 1 - beyond
        terms[first + channel * POINTS + before + 1] = beyond
      }
    },
    pulls: (channel) =>
      Array.from({ length: size }, (_, index) => {
        const powers = polynomials[index]
        if (!powers) return HOLD.point
        const self = powers[channel] ?? 0
        return HOLD.pull * HOLD.own ** self * HOLD.other ** (powers[0] + powers[1] + powers[2] - self)
      }),
    rest: (channel) => Array.from({ length: size }, (_, index) => (index === 0 || index === channel + 1 ? 0.5 : 0)),
    bends: [0, 1, 2].flatMap((channel) =>
      Array.from({ length: POINTS - 2 }, (_, point) => {
        const bend = new Float64Array(size)
        bend.set(
          [1, -2, 1].map((part) => part * Math.sqrt(HOLD.bend)),
          first + channel * POINTS + point,
        )
        return bend
      }),
    ),
    formula(channels) {
      const values = channels.map((coefficients) => coefficients.map(rounded))
      const part = (from: number, to: number, degree: number): ColourPolynomial => {
        const [red = [], green = [], blue = []] = values.map((coefficients) => coefficients.slice(from, to))
        return { degree, red, green, blue }
      }
      const curve = (to: number, from: number): Curve => (values[to] ?? []).slice(first + from * POINTS, first + (from + 1) * POINTS)
      const [red, green, blue] = [0, 1, 2].map((to): Curves['red'] => [curve(to, 0), curve(to, 1), curve(to, 2)])
      if (!red || !green || !blue) throw new Error('a channel without coefficients')
      return {
        colour: part(0, colourExponents.length, DEGREE),
        curves: { red, green, blue },
        ...(isRadial ? { radial: part(colourExponents.length, first, RADIAL_DEGREE) } : {}),
      }
    },
  }
}

/** A 20th of the step between two of 256 values. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4 || 0
}
