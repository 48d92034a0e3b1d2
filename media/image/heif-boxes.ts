import { textAt } from '../../domain/bytes.ts'
import { corrupt, viewOf } from './header-parts.ts'

/** Boxes in one container: a real file has some dozens, one with a thousand tiles as many properties. */
const BOXES_MAX = 65_536

/** A box of ISO/IEC 14496-12: its four letters and what is after its header. */
export interface Box {
  readonly name: string
  readonly body: Uint8Array
}

/** The boxes side by side in `bytes` (section 4.2); what goes beyond the end is cut to it. MEDIA_CORRUPT. */
export function boxesOf(bytes: Uint8Array): Box[] {
  const view = viewOf(bytes)
  const boxes: Box[] = []
  for (let offset = 0; offset + 8 <= bytes.length; ) {
    const size32 = view.getUint32(offset)
    const name = textAt(bytes, offset + 4, 4)
    if (size32 === 1 && offset + 16 > bytes.length) break
    const header = size32 === 1 ? 16 : 8
    const size = size32 === 1 ? Number(view.getBigUint64(offset + 8)) : size32 === 0 ? bytes.length - offset : size32
    if (size < header) throw corrupt('A box of the file is smaller than its header.')
    if (boxes.length >= BOXES_MAX) throw corrupt('The file has too many boxes.')
    boxes.push({ name, body: bytes.subarray(offset + header, offset + size) })
    offset += size
  }
  return boxes
}

/** A reader of big-endian numbers, one after another. Beyond the end: MEDIA_CORRUPT. */
export interface Fields {
  /** An unsigned number of so many bytes, 0 to 8; 0 bytes are the number 0. */
  number(bytes: number): number
  text(bytes: number): string
  readonly left: number
  rest(): Uint8Array
}

export function fieldsOf(bytes: Uint8Array): Fields {
  let at = 0
  function take(count: number): Uint8Array {
    if (at + count > bytes.length) throw corrupt('A box of the file ends within its fields.')
    at += count
    return bytes.subarray(at - count, at)
  }
  return {
    number: (count) => take(count).reduce((sum, byte) => sum * 256 + byte, 0),
    text: (count) => textAt(take(count), 0, count),
    get left() {
      return bytes.length - at
    },
    rest: () => bytes.subarray(at),
  }
}

/** Version and flags of a full box (section 4.2), then its fields. */
export function fullBox(body: Uint8Array): { readonly version: number; readonly flags: number; readonly fields: Fields } {
  const fields = fieldsOf(body)
  return { version: fields.number(1), flags: fields.number(3), fields }
}
