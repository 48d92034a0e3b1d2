import type { CloudEvent } from '../domain/events.ts'
import type { EventSink } from '../domain/ports.ts'

/** A sink that remembers. For tests: it lasts as long as the process. */
export function createMemorySink(): EventSink & { readonly events: readonly CloudEvent[] } {
  const events: CloudEvent[] = []
  return {
    events,
    async publish(batch) {
      events.push(...batch)
    },
    async close() {},
  }
}
