import { startsWith, textAt } from './bytes.ts'
import type { SourceType } from './plans.ts'

/**
 * WebM or Matroska by the document type in the EBML header (RFC 8794, sections 11.2.4 and 17), an MPEG transport
 * stream by its sync bytes; a name when it is some other EBML document; null when it is none of these.
 */
export function streamTypeOf(head: Uint8Array): SourceType | { readonly refused: string } | null {
  if (startsWith(head, EBML)) return matroskaTypeOf(head)
  return isTransportStream(head) ? 'video/mp2t' : null
}

const EBML = [0x1a, 0x45, 0xdf, 0xa3]
const DOC_TYPE = [0x42, 0x82]
/** The EBML header holds half a dozen small elements. */
const HEADER_BYTES_MAX = 256

function matroskaTypeOf(head: Uint8Array): SourceType | { readonly refused: string } {
  for (let offset = EBML.length; offset + 3 < Math.min(head.length, HEADER_BYTES_MAX); offset++) {
    if (!startsWith(head, DOC_TYPE, offset)) continue
    // A length of one byte: the names are short.
    const name = textAt(head, offset + 3, (head[offset + 2] ?? 0) & 0x7f).replace(/\0+$/, '')
    if (name === 'webm') return 'video/webm'
    if (name === 'matroska') return 'video/x-matroska'
  }
  return { refused: 'an EBML document of an unknown type' }
}

/** Sync bytes 0x47 every 188 bytes (ISO/IEC 13818-1, 2.4.3.2), or every 192 with a time stamp before each. */
function isTransportStream(head: Uint8Array): boolean {
  const synced = (first: number, stride: number) => [0, 1, 2].every((index) => head[first + index * stride] === 0x47)
  return synced(0, 188) || synced(4, 192)
}
