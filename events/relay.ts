import { limits } from '../domain/limits.ts'
import type { EventSink, Outbox } from '../domain/ports.ts'
import { toCloudEvent } from './cloud-event.ts'

export interface RelayOptions {
  readonly outbox: Pick<Outbox, 'pending' | 'markRelayed'>
  readonly sink: Pick<EventSink, 'publish'>
  /** CloudEvents' source: names this installation. */
  readonly source: string
  readonly onError: (error: unknown) => void
  /** The outbox is looked at this often in any case. */
  readonly intervalMs: number
  /** After failures: twice as long each time, up to this. */
  readonly backoffMsMax?: number
  readonly batchMax: number
  /** Calls `wake` when there may be something new; gives the unsubscriber. */
  readonly subscribe: (wake: () => void) => () => void
}

export interface Relay {
  /** Idempotent. */
  start(): void
  /** Returns when nothing of it runs any more; what is not relayed stays in the outbox. Idempotent. */
  stop(): Promise<void>
  /** Relays until the outbox is empty; how many events that were. Throws what the outbox or the sink throws. */
  drain(): Promise<number>
}

/**
 * Carries events from the outbox to the sink: in order, ticked off only after they were acknowledged, so at least
 * once. A repeated event has the same id. One batch at a time: a second one under way could overtake the first.
 */
export function createRelay(options: RelayOptions): Relay {
  const { outbox, sink, source, onError, intervalMs, backoffMsMax = limits.relayBackoffMsMax, batchMax, subscribe } = options
  let unsubscribe: (() => void) | null = null
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<unknown> = Promise.resolve()
  let running = false
  let wokenAgain = false
  let failures = 0

  const batch = async (): Promise<number> => {
    const events = await outbox.pending(batchMax)
    if (events.length === 0) return 0
    await sink.publish(events.map((event) => toCloudEvent(event, source)))
    await outbox.markRelayed(events.map(({ sequence }) => sequence))
    return events.length
  }

  const inTurn = (): Promise<number> => {
    const next = turn.then(batch)
    turn = next.catch(() => {})
    return next
  }

  const schedule = (afterMs: number) => {
    clearTimeout(timer)
    if (unsubscribe) timer = setTimeout(() => void run(), afterMs)
  }

  /** Until there is nothing left; then, or after a failure, sets the next look. */
  const run = async () => {
    if (running) {
      wokenAgain = true
      return
    }
    running = true
    try {
      do {
        wokenAgain = false
        while (unsubscribe && (await inTurn()) > 0) failures = 0
      } while (wokenAgain && unsubscribe)
      failures = 0
      schedule(intervalMs)
    } catch (error) {
      schedule(Math.min(intervalMs * 2 ** failures, backoffMsMax))
      failures += 1
      onError(error)
    } finally {
      running = false
    }
  }

  return {
    start() {
      if (unsubscribe) return
      // While the sink is away signals do not shorten the wait.
      unsubscribe = subscribe(() => {
        if (failures === 0) void run()
      })
      schedule(0)
    },
    async stop() {
      unsubscribe?.()
      unsubscribe = null
      clearTimeout(timer)
      await turn
    },
    async drain() {
      let total = 0
      for (let count = await inTurn(); count > 0; count = await inTurn()) total += count
      return total
    },
  }
}
