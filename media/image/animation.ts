import type { Animation } from '../../domain/plans.ts'

/** Frames that say they are this short or shorter are shown for the usual time: no browser goes by less. */
const IGNORED_MS_MAX = 10
const USUAL_MS = 100
/** A grid of fewer frames a second makes players slow to start and to seek; repeated frames cost next to nothing. */
const FPS_MIN = 10

/** What frames' own durations come to, in milliseconds as the file has them, with the times that they are played (0: for ever). */
export function animationOf(durationsMs: readonly number[], loops: number): Animation {
  const shown = durationsMs.map(shownMs)
  return { durationMs: Math.round(shown.reduce((sum, ms) => sum + ms, 0)), fps: gridOf(shown), loops }
}

/** How long a frame is shown that says so of itself, as browsers have it. */
export function shownMs(durationMs: number): number {
  return durationMs <= IGNORED_MS_MAX ? USUAL_MS : durationMs
}

/** Where all frames are alike their own rate, else that of the longest step of which all are multiples. */
function gridOf(shown: readonly number[]): number {
  const [first = USUAL_MS] = shown
  const stepMs = shown.every((ms) => ms === first) ? first : shown.map(Math.round).reduce(greatestCommonDivisor)
  return (1_000 / stepMs) * Math.ceil((FPS_MIN * stepMs) / 1_000)
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other)
}
