import { Buffer } from 'node:buffer'
import { MediaError } from '../domain/errors.ts'

/** Bytes of UTF-8. S3 itself takes 1,024; half of that leaves every backend room for its own folders. */
export const KEY_BYTES_MAX = 512
/** A segment is at most tripled by percent-encoding and then still fits a file name of 255 bytes. */
export const SEGMENT_BYTES_MAX = 80

/**
 * Checks that a key is one that every backend can hold: segments of 1 to 80 bytes of UTF-8 joined by
 * `/`, 512 bytes at most, none of them `.` or `..`, no control characters (XML 1.0 cannot carry them
 * in a listing), no lone surrogates. REQUEST_INVALID.
 */
export function checkKey(key: string): void {
  const problem = problemOf(key)
  if (problem !== null) throw new MediaError('REQUEST_INVALID', `The object key ${problem}.`)
}

function problemOf(key: string): string | null {
  if (!key.isWellFormed()) return 'is not well-formed Unicode'
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) return `is longer than ${KEY_BYTES_MAX} bytes`
  if (/\p{Cc}|[\ufffe\uffff]/u.test(key)) return 'has a control character'
  for (const segment of key.split('/')) {
    if (segment === '') return 'has an empty segment'
    if (segment === '.' || segment === '..') return 'has a relative segment'
    if (Buffer.byteLength(segment) > SEGMENT_BYTES_MAX) return `has a segment longer than ${SEGMENT_BYTES_MAX} bytes`
  }
  return null
}

/** Order of keys: by the bytes of their UTF-8, as S3 lists them (UTF-16 order differs above U+FFFF). */
export function compareKeys(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
