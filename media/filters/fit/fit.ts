import { type ColourPolynomial, exponentsOf, type Filter, mixersOf, termsOf } from '../filter.ts'
import type { Pair } from './pairs.ts'
import { addSample, addSums, createSums, type Sums, solve } from './solve.ts'

const DEGREE = 5
const RADIAL_DEGREE = 2
/** One pixel in so many is a sample: neighbours say much the same. */
const STEP = 19
/** How strongly coefficients are held where they are, per sample; by a factor of `PULL_GROWTH` more with each degree. */
const PULL = 1e-4
const PULL_GROWTH = 3

/** Greys that are looked at, what they weigh against all samples at first, and how often they are looked at again. */
const GREYS = 129
const GREY_SHARE = 0.02
const GREY_ROUNDS = 10
/** What may be lost from one such grey to the next: a quarter of the step between two of 256 values. */
const BACKWARDS_MAX = 1e-3

const colourExponents = exponentsOf(DEGREE)
const radialExponents = exponentsOf(RADIAL_DEGREE)

/** The sums of one photo, with which fits of any choice of photos can be made. */
export function sumsOf({ width, height, before, after }: Pair, radial: boolean): Sums {
  const colourTerms = termsOf(DEGREE)
  const size = colourExponents.length + (radial ? radialExponents.length : 0)
  const sums = createSums(size)
  const terms = new Float64Array(size)
  const farthest = (width - 1) ** 2 + (height - 1) ** 2
  for (let pixel = 0; pixel < width * height; pixel += STEP) {
    const at = pixel * 3
    const x = pixel % width
    const y = (pixel - x) / width
    const outwards = ((2 * x - width + 1) ** 2 + (2 * y - height + 1) ** 2) / farthest
    const colour = colourTerms((before[at] ?? 0) / 255, (before[at + 1] ?? 0) / 255, (before[at + 2] ?? 0) / 255)
    terms.set(colour)
    // The first terms of a polynomial are those of the lower degree.
    for (let index = colour.length; index < size; index++) terms[index] = (colour[index - colour.length] as number) * outwards
    addSample(sums, terms, (after[at] ?? 0) / 255, (after[at + 1] ?? 0) / 255, (after[at + 2] ?? 0) / 255)
  }
  return sums
}

/**
 * The coefficients that bring the photos' originals closest to their results, by least squares in sRGB, while
 * greys are held back from running backwards: where photos have few of them a polynomial otherwise would.
 */
export function fitOf(photos: readonly Sums[]): Pick<Filter, 'colour' | 'radial'> {
  const [first] = photos
  if (!first) throw new Error('a fit without photos')
  const all = createSums(first.size)
  for (const photo of photos) addSums(all, photo)
  // The constant term of the normal matrix is the number of samples.
  const samples = all.matrix[0] ?? 0
  let weight = (samples * GREY_SHARE) / GREYS
  let filter = solved(all, samples)
  for (let round = 0; round < GREY_ROUNDS && greysOf(filter).some(runsBackwards); round++) {
    addGreys(all, greysOf(filter).map(forwards), weight)
    weight *= 2
    filter = solved(all, samples)
  }
  return filter
}

function solved(sums: Sums, samples: number): Pick<Filter, 'colour' | 'radial'> {
  const exponents = sums.size > colourExponents.length ? [...colourExponents, ...radialExponents] : colourExponents
  const pull = exponents.map(([i, j, k]) => PULL * samples * PULL_GROWTH ** (i + j + k))
  const channels = solve(sums, pull, [0, 1, 2].map(unchanged))
  const part = (from: number, to: number, degree: number): ColourPolynomial => {
    const [red = [], green = [], blue = []] = channels.map((coefficients) => coefficients.slice(from, to).map(rounded))
    return { degree, red, green, blue }
  }
  const colour = part(0, colourExponents.length, DEGREE)
  return exponents === colourExponents ? { colour } : { colour, radial: part(colourExponents.length, exponents.length, RADIAL_DEGREE) }
}

/** What becomes of greys from black to white in the centre, by channel. */
function greysOf({ colour }: Pick<Filter, 'colour'>): number[][] {
  const mix = mixersOf({ colour }).centre
  const mixed = Array.from({ length: GREYS }, (_, index) => mix(index / (GREYS - 1), index / (GREYS - 1), index / (GREYS - 1)))
  return [0, 1, 2].map((channel) => mixed.map((colour) => colour[channel] ?? 0))
}

function runsBackwards(values: readonly number[]): boolean {
  return values.some((value, index) => value < (values[index - 1] ?? 0) - BACKWARDS_MAX)
}

/** The values made to rise: half way between what was highest before and what is lowest after. */
function forwards(values: readonly number[]): number[] {
  return values.map((_, index) => (Math.max(...values.slice(0, index + 1)) + Math.min(...values.slice(index))) / 2)
}

function addGreys(sums: Sums, [reds = [], greens = [], blues = []]: readonly number[][], weight: number): void {
  const colourTerms = termsOf(DEGREE)
  const scale = Math.sqrt(weight)
  const terms = new Float64Array(sums.size)
  for (let index = 0; index < GREYS; index++) {
    const grey = index / (GREYS - 1)
    terms.set(colourTerms(grey, grey, grey).map((term) => term * scale))
    addSample(sums, terms, (reds[index] ?? 0) * scale, (greens[index] ?? 0) * scale, (blues[index] ?? 0) * scale)
  }
}

/** The coefficients of a channel that nothing changes. */
function unchanged(channel: number): number[] {
  return [0.5, 0, 0, 0].map((value, index) => (index === channel + 1 ? 0.5 : value))
}

/** A 20th of the step between two of 256 values. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4 || 0
}
