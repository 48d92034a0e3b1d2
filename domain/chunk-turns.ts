/** When a film's chunks are put into the queue. Pure. */
import type { PlannedChunk } from './plans.ts'

/**
 * What is scheduled at one moment reaches Temporal's queue in any order; what is meant to come later is scheduled so much
 * later. The server's timers of less than a second end together (timerProcessorMaxTimeShift).
 */
export const TURN_MS = 1_100

type Lengths = readonly Pick<PlannedChunk, 'durationSeconds'>[]

/** Whether a chunk is shorter than the one before it. A film's first one, a single group of pictures, is not compared with. */
export function isShorter(chunks: Lengths, index: number): boolean {
  const [before, chunk] = [chunks[index - 1], chunks[index]]
  return index > 1 && before !== undefined && chunk !== undefined && chunk.durationSeconds < before.durationSeconds
}

/**
 * After how many milliseconds each of `count` chunks from `first` on is scheduled, ascending. Shorter ones, those of a film's
 * end, come behind longer ones, so that workers end together. Of a film that is watched already what is played
 * next comes next: behind its first chunk and its sound two chunks, then four, then eight, or as those before are done, so that few
 * workers keep to the order of playing and many are soon all at work.
 */
export function chunkTurns(chunks: Lengths, first: number, count: number, isWatched: boolean): number[] {
  let turnMs = 0
  return Array.from({ length: count }, (_, at) => {
    if (isShorter(chunks, first + at) || (isWatched && Number.isInteger(Math.log2(at + 2)))) turnMs += TURN_MS
    return turnMs
  })
}
