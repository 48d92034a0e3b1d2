import type { MediaId } from '../domain/ids.ts'
import type { Limits } from '../domain/limits.ts'

export interface PopularityOptions {
  readonly limits: Pick<Limits, 'enhanceReadsMin' | 'enhanceWindowMs' | 'enhanceItemsMax' | 'enhanceCountedMax'>
  /** Told at the end of each window of the items that were read often in it, the most read first. */
  readonly onPopular: (ids: readonly MediaId[]) => void
}

export interface Popularity {
  /** One read: an addition in memory, whatever comes of it later. */
  count(id: MediaId): void
  /** Ends the window now. */
  flush(): void
  close(): void
}

/**
 * Counts an origin's reads by item and window. Edges keep files, so that what an origin is asked for often is asked for
 * through many edges. When more items are read than are counted, those that came first go on being counted.
 */
export function createPopularity({ limits, onPopular }: PopularityOptions): Popularity {
  let reads = new Map<MediaId, number>()

  function flush(): void {
    const window = reads
    reads = new Map()
    const popular = [...window].filter(([, count]) => count >= limits.enhanceReadsMin).toSorted(([, a], [, b]) => b - a)
    if (popular.length > 0) onPopular(popular.slice(0, limits.enhanceItemsMax).map(([id]) => id))
  }

  const timer = setInterval(flush, limits.enhanceWindowMs)
  timer.unref()
  return {
    count(id) {
      const count = reads.get(id)
      if (count !== undefined) reads.set(id, count + 1)
      else if (reads.size < limits.enhanceCountedMax) reads.set(id, 1)
    },
    flush,
    close: () => clearInterval(timer),
  }
}
