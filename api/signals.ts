import type { MediaId } from '../domain/ids.ts'
import type { Catalog } from '../domain/ports.ts'

/** Wakes whoever waits for an item, from one subscription to the catalog. */
export interface Signals {
  /** Calls `wake` when the item may have changed. Returns the unsubscriber. */
  watch(id: MediaId, wake: () => void): () => void
  /** How many watch now. */
  watchers(): number
  close(): void
}

export function createSignals(catalog: Pick<Catalog, 'onSignal'>): Signals {
  const watchers = new Map<MediaId, Set<() => void>>()
  let count = 0
  const unsubscribe = catalog.onSignal((signal) => {
    if (signal.kind === 'media') for (const wake of watchers.get(signal.id) ?? []) wake()
  })

  return {
    watch(id, wake) {
      const set = watchers.get(id) ?? new Set()
      watchers.set(id, set.add(wake))
      count += 1
      return () => {
        if (set.delete(wake)) count -= 1
        if (set.size === 0 && watchers.get(id) === set) watchers.delete(id)
      }
    },
    watchers: () => count,
    close() {
      unsubscribe()
      watchers.clear()
    },
  }
}
