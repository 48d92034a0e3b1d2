import type { Formula } from '../filter.ts'
import { colourDifference } from './colour-difference.ts'
import type { Pair } from './pairs.ts'
import { addSample, addSums, createSums, type Sums, solve } from './solve.ts'
import { type Terms, termsFor } from './terms.ts'

/** One pixel in so many is a sample: neighbours say much the same. */
const STEP = 97
/** How often samples are weighed anew by how far the fit so far is off: a sum of differences is what shall be small, not of squares. */
const ROUNDS = 4
/** Differences (CIE 1976) smaller than this count as this: they are the noise of two encoders. */
const DIFFERENCE_MIN = 1
/** What a sample is averaged by, both ways: encoders and scalers differ from pixel to pixel, and filters do not. */
const KERNEL = [1, 2, 1] as const

/** Greys that are looked at, what one step backwards weighs against all samples, and how often they are looked at again. */
const GREYS = 129
const BACKWARDS_SHARE = 1
const GREY_ROUNDS = 25
/** What a step may rise by before it is let go again. */
const RISING = 1e-4

/** By channel. */
type Coefficients = readonly [readonly number[], readonly number[], readonly number[]]

/** The sums of one photo; with `sofar`, samples count the less the farther that fit is off. */
function sumsOf({ width, height, before, after }: Pair, { size, fill }: Terms, sofar?: Coefficients): Sums {
  const sums = createSums(size)
  const terms = new Float64Array(size)
  const farthest = (width - 1) ** 2 + (height - 1) ** 2
  for (let pixel = 0; pixel < width * height; pixel += STEP) {
    const x = pixel % width
    const y = (pixel - x) / width
    const outwards = ((2 * x - width + 1) ** 2 + (2 * y - height + 1) ** 2) / farthest
    const [red, green, blue] = averaged(before, x, y, width, height)
    const from = [red / 255, green / 255, blue / 255] as const
    const to = averaged(after, x, y, width, height)
    fill(terms, from, outwards)
    let scale = 1
    if (sofar) {
      const channel = (index: 0 | 1 | 2) => byteOf(255 * product(terms, sofar[index]))
      const difference = colourDifference([channel(0), channel(1), channel(2)], [byteOf(to[0]), byteOf(to[1]), byteOf(to[2])])
      scale = 1 / Math.sqrt(Math.max(DIFFERENCE_MIN, difference))
    }
    for (let index = 0; index < size; index++) (terms[index] as number) *= scale
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
export function fitOf(photos: readonly Pair[], isRadial: boolean): Formula {
  const terms = termsFor(isRadial)
  let sums = allOf(photos, terms)
  for (let round = 0; round < ROUNDS; round++) sums = allOf(photos, terms, solved(sums, terms))
  return withGreysForwards(sums, terms)
}

function allOf(photos: readonly Pair[], terms: Terms, sofar?: Coefficients): Sums {
  const all = createSums(terms.size)
  for (const photo of photos) addSums(all, sumsOf(photo, terms, sofar))
  return all
}

/**
 * The fit in which no grey is darker than the one before it. Only the steps that would run backwards are held, each to
 * stay where it is, and let go when they rise by themselves: what is near them is left to the photos.
 */
function withGreysForwards(sums: Sums, terms: Terms): Formula {
  const values = greyTerms(terms)
  const steps = values.slice(1).map((grey, index) => grey.map((term, at) => term - (values[index]?.[at] ?? 0)))
  return terms.formula(
    [0, 1, 2].map((channel) => {
      const held = new Set<number>()
      let coefficients = solvedChannel(sums, terms, channel)
      for (let round = 0; round < GREY_ROUNDS; round++) {
        const greys = values.map((grey) => product(grey, coefficients))
        const before = [...held].join()
        for (const [index, step] of steps.entries()) {
          const [from = 0, to = 0] = [greys[index], greys[index + 1]]
          const isSeen = Math.min(from, to) < 1 && Math.max(from, to) > 0
          if (product(step, coefficients) < 0 && isSeen) held.add(index)
          else if (product(step, coefficients) > RISING) held.delete(index)
        }
        if ([...held].join() === before) break
        coefficients = solvedChannel(withHeld(sums, steps, held), terms, channel, samplesOf(sums))
      }
      return coefficients
    }),
  )
}

function withHeld(sums: Sums, steps: readonly Float64Array[], held: ReadonlySet<number>): Sums {
  const all = [...held].map((index) => steps[index] ?? new Float64Array(sums.size))
  return withNothing(sums, all, BACKWARDS_SHARE * samplesOf(sums))
}

/** The sums with samples beside them, each of that weight, that say nothing but that these sums of terms shall be 0. */
function withNothing(sums: Sums, rows: readonly Float64Array[], weight: number): Sums {
  const all = createSums(sums.size)
  addSums(all, sums)
  const scale = Math.sqrt(weight)
  for (const row of rows)
    addSample(
      all,
      row.map((term) => term * scale),
      0,
      0,
      0,
    )
  return all
}

/** The terms of greys from black to white in the centre. */
function greyTerms({ size, fill }: Terms): Float64Array[] {
  return Array.from({ length: GREYS }, (_, index) => {
    const grey = index / (GREYS - 1)
    const terms = new Float64Array(size)
    fill(terms, [grey, grey, grey], 0)
    return terms
  })
}

function product(terms: Float64Array, coefficients: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < terms.length; index++) sum += (terms[index] as number) * (coefficients[index] as number)
  return sum
}

function byteOf(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)))
}

/** The constant term of the normal matrix is the number of samples, as they are weighed. */
function samplesOf(sums: Sums): number {
  return sums.matrix[0] ?? 0
}

function solved(sums: Sums, terms: Terms): Coefficients {
  return [solvedChannel(sums, terms, 0), solvedChannel(sums, terms, 1), solvedChannel(sums, terms, 2)]
}

function solvedChannel(sums: Sums, { pulls, rest, bends }: Terms, channel: number, samples = samplesOf(sums)): number[] {
  const pull = pulls(channel).map((share) => share * samples)
  return solve(withNothing(sums, bends, samples), channel, pull, rest(channel))
}
