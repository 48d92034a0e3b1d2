import type { Item } from '../api/item.ts'

/** What only a page that looked on knows of a video's making. */
export interface Seen {
  /** From the upload until it could be played. */
  readonly playableAfterMs: number | null
  readonly chunks: number | null
}

export interface SeenItems {
  note(item: Item): void
  of(id: string): Seen
}

const NOTHING: Seen = { playableAfterMs: null, chunks: null }

/** Notes of the items that change in front of the page. */
export function createSeen(now: () => number): SeenItems {
  const notes = new Map<string, Seen & { readonly state: string }>()
  return {
    note({ id, state, progress, createdAt }) {
      const before = notes.get(id)
      const became = state === 'playable' && before?.state === 'processing'
      notes.set(id, {
        state,
        chunks: progress?.unit === 'chunks' ? progress.total : (before?.chunks ?? null),
        playableAfterMs: became ? now() - Date.parse(createdAt) : (before?.playableAfterMs ?? null),
      })
    },
    of: (id) => notes.get(id) ?? NOTHING,
  }
}
