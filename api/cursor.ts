import { MediaError } from '../domain/errors.ts'
import { keyOf, type MediaId, mediaIdOf } from '../domain/ids.ts'

/**
 * Where a page of a list ends, for the next one to begin after: the last item's key, 11 characters of base64url. It names
 * an item and not a number of them, so that what comes in meanwhile moves nothing. Clients are told that it is opaque.
 */
export function formatCursor(last: MediaId): string {
  const key = Buffer.alloc(8)
  key.writeBigUInt64BE(keyOf(last))
  return key.toString('base64url')
}

/** The item that a cursor names; whether it is there is not asked, since it may have been the last of its page and be gone. REQUEST_INVALID. */
export function parseCursor(text: string): MediaId {
  const key = /^[\w-]{11}$/.test(text) ? Buffer.from(text, 'base64url') : Buffer.alloc(0)
  if (key.length !== 8 || key.toString('base64url') !== text)
    throw new MediaError('REQUEST_INVALID', 'cursor is what `next` was in the answer before.')
  return mediaIdOf(key.readBigUInt64BE())
}
