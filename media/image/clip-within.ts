import { textAt } from '../../domain/bytes.ts'
import type { ByteSpan } from '../../domain/plans.ts'
import { isoBmffTypeOf } from '../../domain/sniff-isobmff.ts'
import { viewOf } from './header-parts.ts'

const FTYP = Buffer.from('ftyp', 'latin1')
/** A list of brands is short. */
const FTYP_BYTES_MAX = 256
/** Boxes side by side in a camera's clip. */
const BOXES_MAX = 64
const clipBoxes: ReadonlySet<string> = new Set(['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'uuid', 'moof', 'mfra', 'udta', 'meta'])

/**
 * The MP4 or MOV that lies behind a picture in its file, from `from` on: a motion photo's, whoever made it, or the
 * movie of a Live Photo sent in one body with its still. It is known by its own first box, not by what the picture says of it.
 */
export function clipBehind(bytes: Uint8Array, from: number): ByteSpan | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = file.indexOf(FTYP, from + 4); at !== -1; at = file.indexOf(FTYP, at + 4)) {
    const end = endOfClip(bytes, at - 4)
    if (end !== null) return { start: at - 4, end }
  }
  return null
}

/** Where a clip that begins here ends; null where none begins. What cameras write behind it is left out. */
export function endOfClip(bytes: Uint8Array, start: number): number | null {
  const view = viewOf(bytes)
  const first = view.getUint32(start)
  if (first < 16 || first > FTYP_BYTES_MAX || start + first > bytes.length) return null
  const type = isoBmffTypeOf(bytes.subarray(start, start + first))
  if (typeof type !== 'string' || !type.startsWith('video/')) return null
  let end = start
  let hasIndex = false
  for (let boxes = 0; boxes < BOXES_MAX && end + 8 <= bytes.length; boxes++) {
    const size32 = view.getUint32(end)
    const name = textAt(bytes, end + 4, 4)
    if (size32 === 1 && end + 16 > bytes.length) break
    const size = size32 === 0 ? bytes.length - end : size32 === 1 ? Number(view.getBigUint64(end + 8)) : size32
    if (!clipBoxes.has(name) || size < 8 || end + size > bytes.length) break
    if (name === 'moov') hasIndex = true
    end += size
  }
  return hasIndex ? end : null
}
