import type { ImageFormat } from './plans.ts'

/** One encode at a quality, and how much of the picture's structure came through: mean SSIM of the luma, 0 to 1. */
export interface Trial {
  readonly quality: number
  readonly ssim: number
}

/** Encodes that the search for a quality may take. */
export const QUALITY_TRIALS_MAX = 3

/**
 * Between which qualities a target may move each format. Below the lower end blocks and smeared colours show that
 * luma's SSIM does not see; above the upper one bytes grow and nobody sees more.
 */
export const qualityRanges: Readonly<Record<ImageFormat, { readonly min: number; readonly max: number }>> = {
  jpeg: { min: 55, max: 92 },
  webp: { min: 50, max: 88 },
  avif: { min: 35, max: 75 },
}

/** What is left to the target counts as met: within 6% of the loss that the target allows. */
const CLOSE = 0.94
/** Of the logarithm of the loss, a step of quality: between those of smooth and of busy pictures. */
const USUAL_SLOPE = -0.018
/** Aimed at is a little less loss than allowed, since each miss costs an encode. */
const AIM = Math.log(0.98)

/**
 * The quality to try next, or null when the search is over. The logarithm of the loss, 1 - SSIM, falls almost
 * evenly with the quality: the usual slope leads from the first trial to the second, the secant to the third.
 */
export function nextQuality(trials: readonly Trial[], target: number, format: ImageFormat): number | null {
  const { min, max } = qualityRanges[format]
  const last = trials.at(-1)
  if (!last || trials.length >= QUALITY_TRIALS_MAX) return null
  const loss = 1 - last.ssim
  const allowed = 1 - target
  if (loss <= allowed && loss >= allowed * CLOSE) return null
  const step = (Math.log(allowed) + AIM - logLoss(last)) / slopeOf(trials)
  const wanted = Math.round(last.quality + step)
  const [above, below] = [met(trials, target), missed(trials, target)]
  // Between what is known to be too good and what is known not to be good enough.
  const least = Math.max(min, (below?.quality ?? min - 1) + 1)
  const most = Math.min(max, (above?.quality ?? max + 1) - 1)
  return least > most ? null : Math.min(most, Math.max(least, wanted))
}

/** The trial to keep: the fewest bytes that meet the target, or, when none does, the best there is. */
export function bestTrial<T extends Trial>(trials: readonly T[], target: number): T | undefined {
  return met(trials, target) ?? trials.toSorted((a, b) => b.quality - a.quality)[0]
}

/** The lowest quality that meets the target. */
function met<T extends Trial>(trials: readonly T[], target: number): T | undefined {
  return trials.filter(({ ssim }) => ssim >= target).toSorted((a, b) => a.quality - b.quality)[0]
}

/** The highest quality that does not. */
function missed(trials: readonly Trial[], target: number): Trial | undefined {
  return trials.filter(({ ssim }) => ssim < target).toSorted((a, b) => b.quality - a.quality)[0]
}

function slopeOf(trials: readonly Trial[]): number {
  const [one, other] = [trials.at(-2), trials.at(-1)]
  if (!one || !other || one.quality === other.quality) return USUAL_SLOPE
  const slope = (logLoss(other) - logLoss(one)) / (other.quality - one.quality)
  return Math.min(USUAL_SLOPE / 4, Math.max(USUAL_SLOPE * 4, slope))
}

/** A picture that came through whole has no logarithm; nothing is gained by telling such losses apart. */
function logLoss({ ssim }: Trial): number {
  return Math.log(Math.max(1e-6, 1 - ssim))
}
