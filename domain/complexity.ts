/** How hard a title is to encode, as a few trials tell, and the rungs that follow from it. Pure. */
import type { PlannedRung, VideoPlan, VideoProbe } from './plans.ts'

/** One encode of the samples: constant rate factor, bit rate, and the structural similarity (SSIM) to what went in. */
export interface Trial {
  readonly crf: number
  readonly kbps: number
  readonly ssim: number
}

/** What the trials found, all at one small size. */
export interface Complexity {
  /** How the eager trials were encoded, and so the ladder is; trials of earlier releases do not say it. */
  readonly effort?: 'high'
  /** As the fixed ladder would encode it. */
  readonly fixed: Trial
  /** With the effort that a ladder by title has, at a low and at a high rate factor. */
  readonly eager: readonly [Trial, Trial]
  /** As the fixed ladder would encode the next smaller size; SSIM after enlarging it again. */
  readonly small: Trial
}

type TitleProbe = Pick<VideoProbe, 'complexity' | 'titleEffort'>

/** Where trials are made: on samples of this many frames each, at two sizes. */
export interface SamplePlan {
  /** Times in the source, seconds; what is decoded begins at the keyframe before. */
  readonly starts: readonly number[]
  readonly frames: number
  readonly size: { readonly width: number; readonly height: number }
  readonly smallSize: { readonly width: number; readonly height: number }
}

export const trialCrfs = { fixed: 24, coarse: 33, eager: 26, small: 25 } as const

/** Share of a video that is looked at, so that looking costs little of what encoding it does. */
const SAMPLED_SHARE = 0.1
/** As long as a group of pictures: most of what more effort gains lies between keyframes. */
const SAMPLE_SECONDS = 2
/** A shorter sample is little more than its keyframe. */
const SAMPLE_SECONDS_MIN = 0.6
/** Shorter than this, even one sample would be too much. */
const SECONDS_MIN = 4
const SAMPLES_MAX = 4
/** Shorter side of the trials; half a ladder's size where that is small itself. */
const TRIAL_SHORT_SIDE = 288
const SMALLER = 2 / 3

/** What follows for the rungs from how they are encoded. */
interface Way {
  readonly effort: 'fast' | 'high'
  /**
   * Rate factor by which the encoder may go up where nothing is known of the title: of the pictures that were
   * compared, natural and drawn, the one that bears least bears this.
   */
  readonly unseenShift: number
  /**
   * Kept back, of the ladder's own sizes, from what the trials promise: it is little where a sample that is shorter
   * than a group of pictures promises too little.
   */
  readonly ownMargin: number
  readonly ownShiftMin: number
  /** Where a rung comes to its cap, the encoder shows as much within this share of it. */
  readonly capShare: number
}
const highWay: Way = { effort: 'high', unseenShift: 1, ownMargin: 0.15, ownShiftMin: 1, capShare: 0.8 }
/** As titles of earlier releases are encoded to their end: a plan that changed would not fit the chunks that there are. */
const earlierWay: Way = { effort: 'fast', unseenShift: 2, ownMargin: 0.75, ownShiftMin: 0, capShare: 1 }
/** Kept back from what the trials promise of other sizes, which are not quite like them. */
const UP_MARGIN = 1.5
const OWN_SHIFT_MAX = 6
const UP_SHIFT_MAX = 12
/** A step of the ladder takes the next larger size only where that saves something. */
const UP_GAIN_MAX = 0.95
/** Below this the sound costs more than the picture: a still smaller rung helps nobody. */
const USEFUL_KBPS_MIN = 100
/** Bit rate goes with this power of the number of pixels, at the same rate factor. */
const RATE_EXPONENT = 0.75

/** Which samples are tried; null where the ladder has one rung only, or looking would cost too much of the encode. */
export function planSamples(plan: Pick<VideoPlan, 'rungs' | 'chunks' | 'durationMs' | 'fps'>): SamplePlan | null {
  const [top] = plan.rungs
  const durationSeconds = plan.durationMs / 1000
  const seconds = Math.max(SAMPLE_SECONDS_MIN, durationSeconds * SAMPLED_SHARE)
  const count = between(1, Math.floor(seconds / SAMPLE_SECONDS), SAMPLES_MAX)
  if (!top || plan.rungs.length < 2 || durationSeconds < SECONDS_MIN) return null
  const short = Math.min(top.width, top.height)
  const side = short >= TRIAL_SHORT_SIDE * 2 ? TRIAL_SHORT_SIDE : short / 2
  const sizeOf = (wanted: number) => ({ width: even((top.width * wanted) / short), height: even((top.height * wanted) / short) })
  const origin = plan.chunks[0]?.startSeconds ?? 0
  return {
    starts: Array.from({ length: count }, (_, at) => origin + (durationSeconds * (at + 0.5)) / count),
    frames: Math.max(1, Math.round(Math.min(SAMPLE_SECONDS, seconds) * plan.fps)),
    size: sizeOf(side),
    smallSize: sizeOf(side * SMALLER),
  }
}

/**
 * The fixed ladder's steps for one title, none of them showing less than before (by SSIM at the size of the
 * screen). All are encoded with more effort. Where the trials say that a larger picture at a higher rate factor
 * beats a smaller one, a step takes the next larger size. Steps that no network needs are left out. With which
 * effort, the trials say, or the probe where there are none; those of earlier releases say nothing.
 */
export function rungsByTitle(rungs: readonly PlannedRung[], { complexity, titleEffort }: TitleProbe): PlannedRung[] {
  const way = (complexity ? complexity.effort : titleEffort) === 'high' ? highWay : earlierWay
  const effortful = (rung: PlannedRung, shift: number): PlannedRung => ({
    ...rung,
    crf: tenth(rung.crf + shift),
    maxKbps: Math.round(rung.maxKbps * way.capShare),
    effort: way.effort,
  })
  if (!complexity) return rungs.map((rung) => effortful(rung, way.unseenShift))
  const { eager, fixed, small } = complexity
  const ownCrf = crfFor(eager, fixed.ssim)
  const own = between(way.ownShiftMin, ownCrf - fixed.crf - way.ownMargin, OWN_SHIFT_MAX)
  const upCrf = crfFor(eager, small.ssim)
  const up = between(0, upCrf - small.crf - UP_MARGIN, UP_SHIFT_MAX)
  const smallKbps = (small.kbps * kbpsAt(eager, fixed.crf + own)) / fixed.kbps
  const isUp = kbpsAt(eager, small.crf + up) <= smallKbps * UP_GAIN_MAX
  const chosen = rungs.map((rung, at): PlannedRung => {
    const larger = isUp ? rungs[at - 1] : undefined
    if (!larger) return effortful(rung, own)
    const name = at === 1 ? `${larger.name}-lean` : larger.name
    return { ...effortful(rung, up), name, width: larger.width, height: larger.height }
  })
  const lowest = isUp ? kbpsAt(eager, small.crf + up) : smallKbps
  return withoutUseless(chosen, lowest)
}

/** Leaves out the last rung as long as the one before it costs next to nothing too. `kbps`: of the last one. */
function withoutUseless(rungs: readonly PlannedRung[], kbps: number): PlannedRung[] {
  const last = rungs.at(-1)
  const before = rungs.at(-2)
  if (!last || !before) return [...rungs]
  const larger = kbps * ((before.width * before.height) / (last.width * last.height)) ** RATE_EXPONENT
  return larger <= USEFUL_KBPS_MIN ? withoutUseless(rungs.slice(0, -1), larger) : [...rungs]
}

/**
 * What the eager encoder would come to at a high rate factor, from one trial of it: by the slopes of the quick one, of
 * which two trials cost less than one of the eager one's.
 */
export function eagerTrials(eager: Trial, fixed: Trial, coarse: Trial): Complexity['eager'] {
  const [moreLoss, ratio] = [lossOf(coarse.ssim) - lossOf(fixed.ssim), coarse.kbps / fixed.kbps]
  const share = (coarse.crf - eager.crf) / (coarse.crf - fixed.crf)
  const loss = Math.min(1, Math.exp(lossOf(eager.ssim) + moreLoss * share))
  return [eager, { crf: coarse.crf, kbps: eager.kbps * ratio ** share, ssim: 1 - loss }]
}

/** The rate factor at which the trials' encoder would come to `ssim`: the loss grows exponentially with it. */
function crfFor([low, high]: Complexity['eager'], ssim: number): number {
  const slope = (lossOf(high.ssim) - lossOf(low.ssim)) / (high.crf - low.crf)
  return slope > 0 ? low.crf + (lossOf(ssim) - lossOf(low.ssim)) / slope : low.crf
}

/** The bit rate that it would have there: it falls exponentially. */
function kbpsAt([low, high]: Complexity['eager'], crf: number): number {
  const slope = Math.log(high.kbps / low.kbps) / (high.crf - low.crf)
  return low.kbps * Math.exp(slope * (crf - low.crf))
}

function lossOf(ssim: number): number {
  return Math.log(Math.max(1e-5, 1 - ssim))
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10
}

function even(side: number): number {
  return Math.max(2, Math.round(side / 2) * 2)
}
