import type { CareOptions } from '../domain/volume-ports.ts'
import type { Clock } from './refresher.ts'

/** How a long walk over a volume is held back, stopped and followed. */
export interface WalkOptions extends CareOptions {
  readonly clock: Clock
}

/** Waits after each piece of work until it is due; throws the signal's reason when it is aborted. */
export function createPace(options: WalkOptions, totalBytes: number): (bytes: number) => Promise<void> {
  const { signal, bytesPerSecondMax, onProgress, clock } = options
  const startedMs = clock.nowMs()
  let doneBytes = 0
  return async (bytes) => {
    signal?.throwIfAborted()
    doneBytes += bytes
    onProgress?.({ doneBytes, totalBytes })
    if (bytesPerSecondMax === undefined) return
    const waitMs = startedMs + (doneBytes / bytesPerSecondMax) * 1_000 - clock.nowMs()
    if (waitMs > 1) await clock.wait(waitMs)
    signal?.throwIfAborted()
  }
}
