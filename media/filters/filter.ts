/** A polynomial over the three channels; see {@link exponentsOf} for the order of its coefficients. */
export interface ColourPolynomial {
  /** Highest total degree, at most 5. */
  readonly degree: number
  readonly red: readonly number[]
  readonly green: readonly number[]
  readonly blue: readonly number[]
}

/** A curve as its values at points that are evenly spaced from 0 to 1, two at least; between them it is straight. */
export type Curve = readonly number[]

/** What is added to a channel: for red, green and blue as they were, a curve of each. */
export interface Curves {
  readonly red: readonly [Curve, Curve, Curve]
  readonly green: readonly [Curve, Curve, Curve]
  readonly blue: readonly [Curve, Curve, Curve]
}

/** A photo filter as data, in a form that a least-squares fit can fill. */
export interface Filter {
  /** In requests and manifests: lower-case letters and digits. */
  readonly name: string
  readonly title: string
  /** The colours in the centre, but for the curves. */
  readonly colour: ColourPolynomial
  /** What is added to them everywhere, where one polynomial does not bend as sharply as the filter. Absent: nothing. */
  readonly curves?: Curves
  /** What is added to them in the corners; in between by the squared distance from the centre. Absent: nothing. */
  readonly radial?: ColourPolynomial
}

/** What a filter does to colours. */
export type Formula = Pick<Filter, 'colour' | 'curves' | 'radial'>

export type Colour = readonly [red: number, green: number, blue: number]

/** Powers of red, green and blue by coefficient: by total degree, within it by falling power of red, then of green. */
export function exponentsOf(degree: number): Colour[] {
  const exponents: Colour[] = []
  for (let total = 0; total <= degree; total++)
    for (let red = total; red >= 0; red--)
      for (let green = total - red; green >= 0; green--) exponents.push([red, green, total - red - green])
  return exponents
}

/**
 * The value of every term for a colour, channels 0..1. The terms' variables are 2c - 1: on -1..1 their powers stay
 * apart, which keeps a fit well conditioned and the coefficients near 1. The array is used again by the next call.
 */
export function termsOf(degree: number): (red: number, green: number, blue: number) => Float64Array {
  const exponents = exponentsOf(degree)
  const powers = degree + 1
  const [reds, greens, blues] = [new Float64Array(powers), new Float64Array(powers), new Float64Array(powers)]
  const terms = new Float64Array(exponents.length)
  return (red, green, blue) => {
    for (let power = 0; power < powers; power++) {
      reds[power] = power === 0 ? 1 : (reds[power - 1] as number) * (2 * red - 1)
      greens[power] = power === 0 ? 1 : (greens[power - 1] as number) * (2 * green - 1)
      blues[power] = power === 0 ? 1 : (blues[power - 1] as number) * (2 * blue - 1)
    }
    for (let index = 0; index < terms.length; index++) {
      const [i, j, k] = exponents[index] as Colour
      terms[index] = (reds[i] as number) * (greens[j] as number) * (blues[k] as number)
    }
    return terms
  }
}

/** Where a value 0..1 lies among so many evenly spaced points: which one is before it, and how far it is to the next, 0..1. */
export function placeOf(value: number, points: number): readonly [before: number, beyond: number] {
  const exact = value * (points - 1)
  const before = Math.min(points - 2, Math.floor(exact))
  return [before, exact - before]
}

/** A filter as two functions of one sRGB colour, channels 0..1 both ways: in the centre, and in the corners where that differs. */
export function mixersOf({ colour, curves, radial }: Formula) {
  const smooth = mixerOf(colour)
  const centre = curves
    ? (...from: Colour): Colour => {
        const [red, green, blue] = smooth(...from)
        return [red + curved(curves.red, from), green + curved(curves.green, from), blue + curved(curves.blue, from)]
      }
    : smooth
  if (!radial) return { centre: (...from: Colour) => clamped(centre(...from)) }
  const added = mixerOf(radial)
  return {
    centre: (...from: Colour) => clamped(centre(...from)),
    corners: (...from: Colour) => {
      const [red, green, blue] = centre(...from)
      const [addedRed, addedGreen, addedBlue] = added(...from)
      return clamped([red + addedRed, green + addedGreen, blue + addedBlue])
    },
  }
}

function curved(curves: Curves['red'], from: Colour): number {
  let sum = 0
  for (const channel of [0, 1, 2] as const) {
    const curve = curves[channel]
    const [before, beyond] = placeOf(from[channel], curve.length)
    sum += (curve[before] ?? 0) * (1 - beyond) + (curve[before + 1] ?? 0) * beyond
  }
  return sum
}

function mixerOf({ degree, red, green, blue }: ColourPolynomial): (...from: Colour) => Colour {
  const terms = termsOf(degree)
  return (...from) => {
    const values = terms(...from)
    return [sumOf(values, red), sumOf(values, green), sumOf(values, blue)]
  }
}

function sumOf(terms: Float64Array, coefficients: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < terms.length; index++) sum += (terms[index] as number) * (coefficients[index] ?? 0)
  return sum
}

function clamped([red, green, blue]: Colour): Colour {
  return [clamp(red), clamp(green), clamp(blue)]
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}
