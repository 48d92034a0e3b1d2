import { type Colour, type ColourPolynomial, exponentsOf, type Filter, mixersOf, termsOf } from '../filter.ts'
import { colourDifference } from './colour-difference.ts'
import type { Pair } from './pairs.ts'
import { addSample, addSums, createSums, type Sums, solve } from './solve.ts'

const DEGREE = 5
const RADIAL_DEGREE = 2
/** One pixel in so many is a sample: neighbours say much the same. */
const STEP = 97
/** How often samples are weighed anew by how far the fit so far is off: a sum of differences is what shall be small, not of squares. */
const ROUNDS = 4
/** Differences (CIE 1976) smaller than this count as this: they are the noise of two encoders. */
const DIFFERENCE_MIN = 1
/** What a sample is averaged by, both ways: encoders and scalers differ from pixel to pixel, and filters do not. */
const KERNEL = [1, 2, 1] as const

/** How strongly coefficients are held where they are, per sample, and by which factors more with each power of the channel's own and of the other ones: curves drawn channel by channel are what filters mostly are. */
const HOLD = { pull: 1e-5, own: 2, other: 3 } as const

/** Greys that are looked at, what one step backwards weighs against all samples, and how often they are looked at again. */
const GREYS = 129
const BACKWARDS_SHARE = 1
const GREY_ROUNDS = 25
/** What a step may rise by before it is let go again. */
const RISING = 1e-4

const colourExponents = exponentsOf(DEGREE)
const radialExponents = exponentsOf(RADIAL_DEGREE)

type Look = Pick<Filter, 'colour' | 'radial'>

/** The sums of one photo; with `sofar`, samples count the less the farther that fit is off. */
function sumsOf({ width, height, before, after }: Pair, radial: boolean, sofar?: Look): Sums {
  const colourTerms = termsOf(DEGREE)
  const size = colourExponents.length + (radial ? radialExponents.length : 0)
  const sums = createSums(size)
  const terms = new Float64Array(size)
  const farthest = (width - 1) ** 2 + (height - 1) ** 2
  const mix = sofar && mixersOf(sofar)
  for (let pixel = 0; pixel < width * height; pixel += STEP) {
    const x = pixel % width
    const y = (pixel - x) / width
    const outwards = ((2 * x - width + 1) ** 2 + (2 * y - height + 1) ** 2) / farthest
    const [red, green, blue] = averaged(before, x, y, width, height)
    const from = [red / 255, green / 255, blue / 255] as const
    const to = averaged(after, x, y, width, height)
    let scale = 1
    if (mix) {
      const centre = mix.centre(...from)
      const corner = mix.corners?.(...from) ?? centre
      const channel = (index: 0 | 1 | 2) => Math.round(255 * (centre[index] * (1 - outwards) + corner[index] * outwards))
      const rounded = [Math.round(to[0]), Math.round(to[1]), Math.round(to[2])] as const
      scale = 1 / Math.sqrt(Math.max(DIFFERENCE_MIN, colourDifference([channel(0), channel(1), channel(2)], rounded)))
    }
    const colour = colourTerms(...from)
    // The first terms of a polynomial are those of the lower degree.
    for (let index = 0; index < size; index++)
      terms[index] = scale * (index < colour.length ? (colour[index] as number) : (colour[index - colour.length] as number) * outwards)
    addSample(sums, terms, (scale * to[0]) / 255, (scale * to[1]) / 255, (scale * to[2]) / 255)
  }
  return sums
}

/** The colours about a pixel, those beyond the edge like those at it. */
function averaged(pixels: Uint8Array, x: number, y: number, width: number, height: number): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0]
  let weights = 0
  for (const [row, down] of KERNEL.entries())
    for (const [column, across] of KERNEL.entries()) {
      const at = 3 * (Math.min(height - 1, Math.max(0, y + row - 1)) * width + Math.min(width - 1, Math.max(0, x + column - 1)))
      weights += down * across
      for (const channel of [0, 1, 2] as const) sums[channel] += down * across * (pixels[at + channel] ?? 0)
    }
  return [sums[0] / weights, sums[1] / weights, sums[2] / weights]
}

/**
 * The coefficients that bring the photos' originals closest to their results, by least squares in sRGB, weighed so that it
 * is the sum of differences that is small. Greys are held back from running backwards: where photos have few of them a
 * polynomial otherwise would.
 */
export function fitOf(photos: readonly Pair[], radial: boolean): Look {
  let sums = allOf(photos, radial)
  for (let round = 0; round < ROUNDS; round++) sums = allOf(photos, radial, solved(sums))
  return withGreysForwards(sums)
}

function allOf(photos: readonly Pair[], radial: boolean, sofar?: Look): Sums {
  const all = createSums(colourExponents.length + (radial ? radialExponents.length : 0))
  for (const photo of photos) addSums(all, sumsOf(photo, radial, sofar))
  return all
}

/**
 * The fit in which no grey is darker than the one before it. Only the steps that would run backwards are held, each to
 * stay where it is, and let go when they rise by themselves: what is near them is left to the photos.
 */
function withGreysForwards(sums: Sums): Look {
  const values = greyTerms(sums.size)
  const steps = values.slice(1).map((terms, index) => terms.map((term, at) => term - (values[index]?.[at] ?? 0)))
  return lookOf(
    [0, 1, 2].map((channel) => {
      const held = new Set<number>()
      let coefficients = solvedChannel(sums, channel)
      for (let round = 0; round < GREY_ROUNDS; round++) {
        const greys = values.map((terms) => product(terms, coefficients))
        const before = [...held].join()
        for (const [index, step] of steps.entries()) {
          const [from = 0, to = 0] = [greys[index], greys[index + 1]]
          const isSeen = Math.min(from, to) < 1 && Math.max(from, to) > 0
          if (product(step, coefficients) < 0 && isSeen) held.add(index)
          else if (product(step, coefficients) > RISING) held.delete(index)
        }
        if ([...held].join() === before) break
        coefficients = solvedChannel(withHeld(sums, steps, held), channel, samplesOf(sums))
      }
      return coefficients
    }),
  )
}

function withHeld(sums: Sums, steps: readonly Float64Array[], held: ReadonlySet<number>): Sums {
  const all = createSums(sums.size)
  addSums(all, sums)
  const scale = Math.sqrt(BACKWARDS_SHARE * samplesOf(sums))
  for (const index of held)
    addSample(
      all,
      (steps[index] ?? new Float64Array(sums.size)).map((term) => term * scale),
      0,
      0,
      0,
    )
  return all
}

/** The terms of greys from black to white in the centre. */
function greyTerms(size: number): Float64Array[] {
  const colourTerms = termsOf(DEGREE)
  return Array.from({ length: GREYS }, (_, index) => {
    const grey = index / (GREYS - 1)
    const terms = new Float64Array(size)
    terms.set(colourTerms(grey, grey, grey))
    return terms
  })
}

function product(terms: Float64Array, coefficients: readonly number[]): number {
  return terms.reduce((sum, term, index) => sum + term * (coefficients[index] ?? 0), 0)
}

/** The constant term of the normal matrix is the number of samples, as they are weighed. */
function samplesOf(sums: Sums): number {
  return sums.matrix[0] ?? 0
}

function solved(sums: Sums): Look {
  return lookOf([0, 1, 2].map((channel) => solvedChannel(sums, channel)))
}

function solvedChannel(sums: Sums, channel: number, samples = samplesOf(sums)): number[] {
  const { pull, own, other } = HOLD
  const pulls = exponentsWithin(sums.size).map((powers) => {
    const self = powers[channel] ?? 0
    return pull * samples * own ** self * other ** (powers[0] + powers[1] + powers[2] - self)
  })
  return solve(sums, channel, pulls, unchanged(channel))
}

function exponentsWithin(size: number): readonly Colour[] {
  return size > colourExponents.length ? [...colourExponents, ...radialExponents] : colourExponents
}

function lookOf(channels: readonly (readonly number[])[]): Look {
  const part = (from: number, to: number, degree: number): ColourPolynomial => {
    const [red = [], green = [], blue = []] = channels.map((coefficients) => coefficients.slice(from, to).map(rounded))
    return { degree, red, green, blue }
  }
  const colour = part(0, colourExponents.length, DEGREE)
  const size = channels[0]?.length ?? 0
  return size > colourExponents.length ? { colour, radial: part(colourExponents.length, size, RADIAL_DEGREE) } : { colour }
}

/** The coefficients of a channel that nothing changes. */
function unchanged(channel: number): number[] {
  return [0.5, 0, 0, 0].map((value, index) => (index === channel + 1 ? 0.5 : value))
}

/** A 20th of the step between two of 256 values. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4 || 0
}
