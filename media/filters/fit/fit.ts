import { type ColourPolynomial, exponentsOf, type Filter, mixersOf, termsOf } from '../filter.ts'
import { colourDifference } from './colour-difference.ts'
import type { Pair } from './pairs.ts'
import { addSample, addSums, createSums, type Sums, solve } from './solve.ts'

const DEGREE = 5
const RADIAL_DEGREE = 2
/** One pixel in so many is a sample: neighbours say much the same. */
const STEP = 97
/** How often samples are weighed anew by how far the fit so far is off: a sum of differences is what shall be small, not of squares. */
const ROUNDS = 2
/** Differences (CIE 1976) smaller than this count as this: they are the noise of two encoders. */
const DIFFERENCE_MIN = 1

/** How strongly coefficients are held where they are, per sample, and by which factors more with each power of the channel's own and of the other ones. */
interface Hold {
  readonly pull: number
  readonly own: number
  readonly other: number
}
/** Held alike whatever the channel, or each channel more loosely to itself, as curves are that were drawn channel by channel. */
const holds = { alike: { pull: 1e-5, own: 3, other: 3 }, curves: { pull: 1e-5, own: 1.5, other: 4 } } as const satisfies Record<
  string,
  Hold
>
/** `between`: the mean of both. */
export type Form = keyof typeof holds | 'between'
export const forms: readonly Form[] = ['alike', 'curves', 'between']

/** Greys that are looked at, what they weigh against all samples at first, and how often they are looked at again. */
const GREYS = 129
const GREY_SHARE = 0.02
const GREY_ROUNDS = 10
/** What may be lost from one such grey to the next: a quarter of the step between two of 256 values. */
const BACKWARDS_MAX = 1e-3

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
    const at = pixel * 3
    const x = pixel % width
    const y = (pixel - x) / width
    const outwards = ((2 * x - width + 1) ** 2 + (2 * y - height + 1) ** 2) / farthest
    const from = [(before[at] ?? 0) / 255, (before[at + 1] ?? 0) / 255, (before[at + 2] ?? 0) / 255] as const
    const to = [after[at] ?? 0, after[at + 1] ?? 0, after[at + 2] ?? 0] as const
    let scale = 1
    if (mix) {
      const centre = mix.centre(...from)
      const corner = mix.corners?.(...from) ?? centre
      const channel = (index: 0 | 1 | 2) => Math.round(255 * (centre[index] * (1 - outwards) + corner[index] * outwards))
      scale = 1 / Math.sqrt(Math.max(DIFFERENCE_MIN, colourDifference([channel(0), channel(1), channel(2)], to)))
    }
    const colour = colourTerms(...from)
    // The first terms of a polynomial are those of the lower degree.
    for (let index = 0; index < size; index++)
      terms[index] = scale * (index < colour.length ? (colour[index] as number) : (colour[index - colour.length] as number) * outwards)
    addSample(sums, terms, (scale * to[0]) / 255, (scale * to[1]) / 255, (scale * to[2]) / 255)
  }
  return sums
}

/**
 * The coefficients, in each form, that bring the photos' originals closest to their results, by least squares in sRGB,
 * weighed so that it is the sum of differences that is small. Greys are held back from running backwards: where photos
 * have few of them a polynomial otherwise would.
 */
export function fitsOf(photos: readonly Pair[], radial: boolean): Readonly<Record<Form, Look>> {
  let sums = allOf(photos, radial)
  for (let round = 0; round < ROUNDS; round++) sums = allOf(photos, radial, solved(sums, holds.alike))
  const [alike, curves] = [withGreysForwards(sums, holds.alike), withGreysForwards(sums, holds.curves)]
  return { alike, curves, between: meanOf(alike, curves) }
}

function allOf(photos: readonly Pair[], radial: boolean, sofar?: Look): Sums {
  const all = createSums(colourExponents.length + (radial ? radialExponents.length : 0))
  for (const photo of photos) addSums(all, sumsOf(photo, radial, sofar))
  return all
}

function withGreysForwards(sums: Sums, hold: Hold): Look {
  const all = createSums(sums.size)
  addSums(all, sums)
  const samples = samplesOf(sums)
  let weight = (samples * GREY_SHARE) / GREYS
  let filter = solved(all, hold, samples)
  for (let round = 0; round < GREY_ROUNDS && greysOf(filter).some(runsBackwards); round++) {
    addGreys(all, greysOf(filter).map(forwards), weight)
    weight *= 2
    filter = solved(all, hold, samples)
  }
  return filter
}

/** The constant term of the normal matrix is the number of samples, as they are weighed. */
function samplesOf(sums: Sums): number {
  return sums.matrix[0] ?? 0
}

function solved(sums: Sums, { pull, own, other }: Hold, samples = samplesOf(sums)): Look {
  const exponents = sums.size > colourExponents.length ? [...colourExponents, ...radialExponents] : colourExponents
  const pulls = [0, 1, 2].map((channel) =>
    exponents.map((powers) => {
      const self = powers[channel] ?? 0
      return pull * samples * own ** self * other ** (powers[0] + powers[1] + powers[2] - self)
    }),
  )
  const channels = solve(sums, pulls, [0, 1, 2].map(unchanged))
  const part = (from: number, to: number, degree: number): ColourPolynomial => {
    const [red = [], green = [], blue = []] = channels.map((coefficients) => coefficients.slice(from, to).map(rounded))
    return { degree, red, green, blue }
  }
  const colour = part(0, colourExponents.length, DEGREE)
  return exponents === colourExponents ? { colour } : { colour, radial: part(colourExponents.length, exponents.length, RADIAL_DEGREE) }
}

function meanOf(one: Look, other: Look): Look {
  const mean = (a: ColourPolynomial, b: ColourPolynomial): ColourPolynomial => {
    const channel = (name: 'red' | 'green' | 'blue') => a[name].map((value, index) => rounded((value + (b[name][index] ?? 0)) / 2))
    return { degree: a.degree, red: channel('red'), green: channel('green'), blue: channel('blue') }
  }
  const colour = mean(one.colour, other.colour)
  return one.radial && other.radial ? { colour, radial: mean(one.radial, other.radial) } : { colour }
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
