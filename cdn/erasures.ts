import { keyOf, type MediaId } from '../domain/ids.ts'
import type { CatalogSignal, ErasureFeed } from '../domain/ports.ts'
import { KeySet } from './key-set.ts'
import { type Logger, silent } from './logger.ts'

export interface ErasureFollowerOptions {
  readonly feed: ErasureFeed
  /** Pushes of the catalog; the poll makes up for lost ones. */
  readonly onSignal?: (listener: (signal: CatalogSignal) => void) => () => void
  readonly pollMs?: number
  /** Without a successful look for longer than this, the follower reports that it is not ready. */
  readonly staleMsMax?: number
  /** The feed is read again from where it stood this long ago: see {@link createErasureFollower}. */
  readonly overlapMs?: number
  /** After the first look, which knows no earlier one: so many positions are read again. */
  readonly overlapRows?: number
  readonly pageRows?: number
  readonly nowMs?: () => number
  readonly logger?: Logger
}

/** What an origin asks before it answers. */
export interface Erasures {
  has(id: MediaId): boolean
  /** Whether the whole feed was read at least once: before that, nobody knows what is erased. */
  loaded(): boolean
}

export interface ErasureFollower extends Erasures {
  /** Loaded, and up to date as of `staleMsMax` ago at most. */
  ready(): boolean
  readonly size: number
  /** Reads what is new now; rejects when the feed cannot be read. One look at a time; a look asked for during one follows it. */
  refresh(): Promise<void>
  /** Called with each id that is new to the set. Returns the unsubscriber. */
  onErased(listener: (id: MediaId) => void): () => void
  /** Stops following; returns when nothing is under way. */
  close(): Promise<void>
}

/**
 * Follows the feed of erased items from its beginning, in memory (11 to 22 bytes each). Loading starts at
 * once. A catalog that does not answer changes nothing for what is known: files are immutable and erasures
 * are final, so an origin goes on serving and refusing; only `ready` turns false, and a load balancer that
 * has a better informed origin can prefer it.
 *
 * Positions are given out before transactions commit, so that a lower one can appear after a higher one was
 * read. Each look therefore begins where the feed stood `overlapMs` ago; what is read twice is the same.
 */
export function createErasureFollower(options: ErasureFollowerOptions): ErasureFollower {
  const { feed, pollMs = 1_000, staleMsMax = 15_000, overlapMs = 60_000, overlapRows = 1_000 } = options
  const { pageRows = 5_000, nowMs = Date.now, logger = silent } = options
  const erased = new KeySet()
  const listeners = new Set<(id: MediaId) => void>()
  /** Where looks ended, oldest first; the first is as old as the overlap asks for. */
  const ends: { readonly atMs: number; readonly position: number }[] = []
  let freshMs: number | null = null
  let looking: Promise<void> | null = null
  let following: Promise<void> | null = null
  let closed = false

  async function look(): Promise<void> {
    const atMs = nowMs()
    let position = startPosition(atMs)
    for (;;) {
      const rows = await feed.after(position, pageRows)
      for (const row of rows) {
        position = Math.max(position, row.position)
        if (erased.add(keyOf(row.id))) for (const listener of listeners) listener(row.id)
      }
      if (rows.length < pageRows || closed) break
    }
    if (closed) return
    ends.push({ atMs, position })
    freshMs = atMs
  }

  function startPosition(atMs: number): number {
    const isSettled = (end: { readonly atMs: number } | undefined) => end !== undefined && end.atMs <= atMs - overlapMs
    while (isSettled(ends[1])) ends.shift()
    const [oldest] = ends
    if (oldest === undefined) return 0
    return isSettled(oldest) ? oldest.position : Math.max(0, oldest.position - overlapRows)
  }

  function begin(): Promise<void> {
    looking = look().finally(() => {
      looking = null
    })
    return looking
  }

  /** What is asked for during a look may have come after it read the feed: one more look covers all of those. */
  function refresh(): Promise<void> {
    if (closed) return Promise.resolve()
    if (looking === null) return begin()
    following ??= looking
      .catch(() => undefined)
      .then(() => {
        following = null
        return closed ? undefined : begin()
      })
    return following
  }

  function poll(): void {
    refresh().catch((error: unknown) => {
      logger.warn('erasures.unreadable', { message: error instanceof Error ? error.message : String(error), knownItems: erased.size })
    })
  }

  const unsubscribe = options.onSignal?.((signal) => {
    if (signal.kind === 'erasure') poll()
  })
  const timer = setInterval(poll, pollMs)
  timer.unref()
  poll()

  return {
    has: (id) => erased.has(keyOf(id)),
    loaded: () => freshMs !== null,
    ready: () => freshMs !== null && nowMs() - freshMs <= staleMsMax,
    get size() {
      return erased.size
    },
    refresh,
    onErased(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async close() {
      closed = true
      clearInterval(timer)
      unsubscribe?.()
      await Promise.allSettled([looking, following])
    },
  }
}
