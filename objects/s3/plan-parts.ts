import type { ObjectPiece } from '../../domain/ports.ts'
import { PART_BYTES_MIN } from './options.ts'

/** One part of a composed object: a range that the server copies, or pieces that are read and sent again. */
export type PlannedPart = { readonly copy: ObjectPiece } | { readonly gather: readonly ObjectPiece[]; readonly bytes: number }

const COPY_BYTES_MAX = 1024 ** 3

/**
 * Cuts pieces into parts, none but the last below S3's least size. What is too small to be copied is gathered with its
 * neighbours; a gathered part that is still too small borrows from the piece that follows it.
 */
export function planParts(pieces: readonly ObjectPiece[], gatherBytes: number): PlannedPart[] {
  const parts: PlannedPart[] = []
  let gather: ObjectPiece[] = []
  let bytes = 0
  const flush = () => {
    if (bytes > 0) parts.push({ gather, bytes })
    gather = []
    bytes = 0
  }
  for (const { key, start, end } of pieces) {
    let at = start
    const left = () => end + 1 - at
    if (bytes > 0 && bytes < PART_BYTES_MIN) {
      const take = Math.min(left(), PART_BYTES_MIN - bytes)
      gather.push({ key, start: at, end: at + take - 1 })
      bytes += take
      at += take
    }
    if (left() >= PART_BYTES_MIN) {
      flush()
      const copies = Math.ceil(left() / COPY_BYTES_MAX)
      const size = Math.ceil(left() / copies)
      for (; left() > 0; at += Math.min(size, left())) parts.push({ copy: { key, start: at, end: Math.min(at + size, end + 1) - 1 } })
    } else if (left() > 0) {
      gather.push({ key, start: at, end })
      bytes += left()
    }
    if (bytes >= gatherBytes) flush()
  }
  flush()
  return parts
}
