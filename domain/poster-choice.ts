/** Which moment of a film its poster shows: decided from little grey pictures of a few of them. Pure. */
import type { VideoPlan } from './plans.ts'

/** Candidates are looked at at this size, whatever the film's shape: what is compared is light and detail. */
export const candidateSize = { width: 160, height: 90 } as const

const CANDIDATES = 6
/** Shorter films show much the same all along. */
const SECONDS_PER_CANDIDATE = 1
/** Mean luma (of 255) below which a frame counts as black, and above which as blown out: fades and title cards lie there. */
const LUMA_MIN = 40
const LUMA_MAX = 225
/** Standard deviation of the luma below which there is nothing to be seen: fog, sky, one colour. */
const CONTRAST_MIN = 12
/** A later moment has to be so much better than an earlier one: who plays the film sees its beginning first. */
const LATER_GAIN_MIN = 1.05

/** Times in the source at which candidates are looked for, seconds: spread over all of what is shown. */
export function posterTimes({ chunks, durationMs }: Pick<VideoPlan, 'chunks' | 'durationMs'>): number[] {
  const origin = chunks[0]?.startSeconds ?? 0
  const seconds = durationMs / 1000
  const count = Math.min(CANDIDATES, Math.max(1, Math.floor(seconds / SECONDS_PER_CANDIDATE)))
  return Array.from({ length: count }, (_, at) => origin + (seconds * (at + 0.5)) / count)
}

/** The index of the best of some candidates, each the luma of {@link candidateSize} row by row or null where there is none; null where none will do. */
export function bestPoster(candidates: readonly (Uint8Array | null)[]): number | null {
  let best: { readonly at: number; readonly worth: number } | null = null
  for (const [at, luma] of candidates.entries()) {
    const worth = luma && posterWorth(luma)
    if (worth !== null && (best === null || worth > best.worth * LATER_GAIN_MIN)) best = { at, worth }
  }
  return best?.at ?? null
}

/**
 * How much there is to be seen: sharp edges, and light and shade. A frame within a pan, or of a dissolve, has the edges of
 * neither. Null for a frame that is dark, blown out or flat.
 */
export function posterWorth(luma: Uint8Array): number | null {
  const { width, height } = candidateSize
  const mean = luma.reduce((sum, value) => sum + value, 0) / luma.length
  const contrast = Math.sqrt(luma.reduce((sum, value) => sum + (value - mean) ** 2, 0) / luma.length)
  if (luma.length !== width * height || mean < LUMA_MIN || mean > LUMA_MAX || contrast < CONTRAST_MIN) return null
  const at = (x: number, y: number) => luma[y * width + x] ?? 0
  let edges = 0
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++) edges += Math.abs(4 * at(x, y) - at(x - 1, y) - at(x + 1, y) - at(x, y - 1) - at(x, y + 1))
  return Math.sqrt((edges / luma.length) * contrast)
}
