import type { MediaId } from '../domain/ids.ts'
import type { BlobRead } from '../domain/ports.ts'
import type { FileParts } from './url.ts'

export interface HotFiles {
  /** The file from memory, or else what `read` gives; several asking at once share one read. */
  get(file: FileParts, read: () => Promise<BlobRead>): Promise<BlobRead>
  /** Drops every file of an item, also those being read now. */
  forget(id: MediaId): void
  readonly bytes: number
}

export interface HotFileOptions {
  /** What is older is read anew. */
  readonly ageMsMax: number
  readonly nowMs?: () => number
}

/** What an entry costs beside its data: key, map entry, promise. */
const ENTRY_BYTES = 512
/** A file larger than this share of the memory would push out too many others. */
const SHARE_MAX = 1 / 8

/**
 * The most recently asked files, up to `bytesMax`. Edges ask for each file about once, so that this is for
 * bursts: many edges, or an origin without one, asking for the same new file.
 */
export function createHotFiles(bytesMax: number, { ageMsMax, nowMs = Date.now }: HotFileOptions): HotFiles {
  /** In order of use, the least recent first. A pending read has no size yet. */
  const entries = new Map<string, { readonly id: MediaId; readonly blob: Promise<BlobRead>; readonly sinceMs: number; bytes: number }>()
  let total = 0

  function drop(key: string): void {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }

  function keep(key: string, blob: Promise<BlobRead>, bytes: number): void {
    const entry = entries.get(key)
    if (entry?.blob !== blob) return
    if (bytes > bytesMax * SHARE_MAX) return drop(key)
    entry.bytes = bytes
    total += bytes
    for (const oldest of entries.keys()) {
      if (total <= bytesMax) break
      drop(oldest)
    }
  }

  return {
    get(file, read) {
      const { volume, alt, cookie } = file.locator
      const key = `${file.id}.${volume}.${alt}.${cookie}`
      const held = entries.get(key)
      if (held !== undefined && nowMs() - held.sinceMs > ageMsMax) drop(key)
      else if (held !== undefined) {
        entries.delete(key)
        entries.set(key, held)
        return held.blob
      }
      const blob = read()
      entries.set(key, { id: file.id, blob, sinceMs: nowMs(), bytes: 0 })
      blob.then(
        ({ data }) => keep(key, blob, data.byteLength + ENTRY_BYTES),
        () => {
          if (entries.get(key)?.blob === blob) drop(key)
        },
      )
      return blob
    },
    forget(id) {
      for (const [key, entry] of entries) if (entry.id === id) drop(key)
    },
    get bytes() {
      return total
    },
  }
}
