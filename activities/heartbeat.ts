import { CancelledFailure } from '@temporalio/common'
import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'

/** Well below every heartbeat time-out, so that a lost worker is noticed and a cancellation arrives within seconds. */
const BEAT_MS = 1_500

/** Given to the work: ends it when the activity is cancelled, and takes the latest word on how far it is. */
export interface Beat {
  readonly signal: AbortSignal
  /** The last word of the attempt before this one. */
  readonly before: Readonly<Record<string, unknown>>
  report(detail: Record<string, string | number>): void
}

/**
 * Runs `work` while the server hears from it every {@link BEAT_MS}; the last report goes along, for the
 * operator who looks at a pending activity. Work that ends because of the signal counts as cancelled.
 */
export async function withHeartbeat<T>(work: (beat: Beat) => Promise<T>): Promise<T> {
  const { attempt, heartbeatDetails } = activityInfo()
  const before = typeof heartbeatDetails === 'object' && heartbeatDetails !== null ? { ...heartbeatDetails } : {}
  // What the attempt before had come to is still the latest word, should this one end before it has one of its own.
  let detail: Record<string, unknown> = { ...before, attempt }
  const timer = setInterval(() => heartbeat(detail), BEAT_MS)
  const signal = cancellationSignal()
  try {
    heartbeat(detail)
    return await work({
      signal,
      before,
      report: (latest) => {
        detail = { ...detail, ...latest }
      },
    })
  } catch (error) {
    if (signal.aborted) throw new CancelledFailure('cancelled while at work', [], error instanceof Error ? error : undefined)
    throw error
  } finally {
    clearInterval(timer)
  }
}
