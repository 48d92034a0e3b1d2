/** A polynomial over the three channels; see {@link exponentsOf} for the order of its coefficients. */
export interface ColourPolynomial {
  /** Highest total degree, at most 5. */
  readonly degree: number
  readonly red: readonly number[]
  readonly green: readonly number[]
  readonly blue: readonly number[]
}

/** A photo filter as data, in a form that a least-squares fit can fill. */
export interface Filter {
  /** In requests and manifests: lower-case letters and digits. */
  readonly name: string
  readonly title: string
  readonly colour: ColourPolynomial
  /**
   * Gain before the colours, by distance from the centre: gain = sum of radial[k] * d^(2k), where d is 0 in
   * the centre and 1 in the corners. Absent: 1 everywhere.
   */
  readonly radial?: readonly number[]
}

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
 * The function of one sRGB colour that a polynomial is, channels 0..1 both ways. Its variables are 2c - 1:
 * on -1..1 their powers stay apart, which keeps a fit well conditioned and the coefficients near 1.
 */
export function mixerOf(polynomial: ColourPolynomial): (red: number, green: number, blue: number) => Colour {
  const exponents = exponentsOf(polynomial.degree)
  const powers = polynomial.degree + 1
  const [reds, greens, blues] = [new Float64Array(powers), new Float64Array(powers), new Float64Array(powers)]
  const terms = new Float64Array(exponents.length)
  const sumOf = (coefficients: readonly number[]) => {
    let sum = 0
    for (let index = 0; index < terms.length; index++) sum += (terms[index] ?? 0) * (coefficients[index] ?? 0)
    return Math.min(1, Math.max(0, sum))
  }
  return (red, green, blue) => {
    for (let power = 0; power < powers; power++) {
      reds[power] = (2 * red - 1) ** power
      greens[power] = (2 * green - 1) ** power
      blues[power] = (2 * blue - 1) ** power
    }
    for (const [index, [i, j, k]] of exponents.entries()) terms[index] = (reds[i] ?? 0) * (greens[j] ?? 0) * (blues[k] ?? 0)
    return [sumOf(polynomial.red), sumOf(polynomial.green), sumOf(polynomial.blue)]
  }
}
