import { createHmac } from 'node:crypto'
import type { ContentKeys } from '../domain/content-keys.ts'

const KEY_BYTES = 16

/**
 * Keys of encrypted items, derived from one secret: none is stored anywhere, and who has one item's key has no
 * other's. A new secret voids what was encrypted under the old one.
 */
export function contentKeysOf(secret: string): ContentKeys {
  return {
    keyOf: (id, version) => createHmac('sha256', secret).update(`content key ${id} ${version}`).digest().subarray(0, KEY_BYTES),
  }
}
