import type { CareOptions } from '../domain/volume-ports.ts'
import type { Clock } from './refresher.ts'

/** How a long walk over a volume is held back, stopped and followed. */
export interface WalkOptions extends CareOptions {
  readonly clock: Clock
}

/** How far behind its pace a walk may fall and still catch up. */
const BURST_MS_MAX = 20

/** Waits after each piece of work until it is due; throws the signal's reason when it is aborted. */
export function createPace(options: WalkOptions, totalBytes: number): (bytes: number) => Promise<void> {
  const { signal, bytesPerSecondMax, onProgress, clock } = options
  let startedMs = clock.nowMs()
  let doneBytes = 0
  return async (bytes) => {
    signal?.throwIfAborted()
    doneBytes += bytes
    onProgress?.({ doneBytes, totalBytes })
    if (bytesPerSecondMax === undefined) return
    const waitMs = startedMs + (doneBytes / bytesPerSecondMax) * 1_000 - clock.nowMs()
    if (waitMs > 1) await clock.wait(waitMs)
    // What was held up is not made up for: a burst would hold up those who read.
    else if (waitMs < -BURST_MS_MAX) startedMs -= waitMs + BURST_MS_MAX
    signal?.throwIfAborted()
  }
}
