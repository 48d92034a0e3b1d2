import { MediaError } from '../domain/errors.ts'
import type { ByteRange } from '../domain/ports.ts'

/** A half-open interval of bytes. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * The part of an object of `bytes` that a range asks for. As in RFC 9110, section 14.1.2, an end beyond
 * the last byte means the last byte. RANGE_NOT_SATISFIABLE when it starts beyond it.
 */
export function spanOf(range: ByteRange | undefined, bytes: number): Span {
  if (range === undefined) return { start: 0, end: bytes }
  if (
    !Number.isSafeInteger(range.start) ||
    !Number.isSafeInteger(range.end) ||
    range.start < 0 ||
    range.end < range.start ||
    range.start >= bytes
  ) {
    throw new MediaError('RANGE_NOT_SATISFIABLE', undefined, { facts: { start: range.start, end: range.end, bytes } })
  }
  return { start: range.start, end: Math.min(range.end + 1, bytes) }
}
