import type { Item } from '../api/item.ts'
import { type Client, isSettled } from './client.ts'

/** A browser keeps six connections per host over HTTP/1.1; uploads and requests need theirs. */
const STREAMS_MAX = 2
const POLL_MS = 2_000

export interface Follower {
  /** Follows an item until it is settled; again is harmless. */
  add(item: Item): void
  stop(): void
}

/**
 * Follows any number of items: the first few by their event streams, the others by one look at the list
 * every other second until a stream is free.
 */
export function createFollower(client: Client, listLimit: number, onItem: (item: Item) => void): Follower {
  const ended = new AbortController()
  const waiting = new Map<string, Item>()
  const streaming = new Set<string>()
  let timer: ReturnType<typeof setTimeout> | undefined

  function fill(): void {
    for (const [id] of waiting) {
      if (streaming.size >= STREAMS_MAX) break
      waiting.delete(id)
      streaming.add(id)
      client
        .follow(id, onItem, ended.signal)
        .catch((error: unknown) => console.warn('following ended', id, error))
        .finally(() => {
          streaming.delete(id)
          if (!ended.signal.aborted) fill()
        })
    }
    if (waiting.size > 0 && timer === undefined) timer = setTimeout(look, POLL_MS)
  }

  async function look(): Promise<void> {
    try {
      for (const item of await client.recent(listLimit)) {
        if (!waiting.has(item.id) || ended.signal.aborted) continue
        onItem(item)
        if (isSettled(item)) waiting.delete(item.id)
      }
    } catch (error) {
      console.warn('looking failed', error)
    }
    timer = undefined
    if (!ended.signal.aborted) fill()
  }

  return {
    add(item) {
      if (isSettled(item) || streaming.has(item.id)) return
      waiting.set(item.id, item)
      fill()
    },
    stop() {
      ended.abort()
      clearTimeout(timer)
    },
  }
}
