import type { MediaId } from './ids.ts'

/** Keys that encrypted items are made with and played with. */
export interface ContentKeys {
  /** 16 bytes; always the same for a version of an item. */
  keyOf(id: MediaId, version: number): Uint8Array
}
