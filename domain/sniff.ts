import { startsWith, textAt } from './bytes.ts'
import { MediaError } from './errors.ts'
import type { MediaKind } from './media.ts'
import type { SourceType } from './plans.ts'
import { foreignNameOf } from './sniff-foreign.ts'
import { isoBmffTypeOf } from './sniff-isobmff.ts'
import { streamTypeOf } from './sniff-streams.ts'

/** An accepted type, or the name of what the bytes are instead. */
export type Sniffed = SourceType | { readonly refused: string }

/**
 * What a file is, told by its leading bytes (limits.sniffBytes of them are enough); names and declared types
 * are never looked at. A polyglot is what its first bytes say, because that is what a decoder makes of it.
 * Only what is accepted comes out as a type, all else as a name for people.
 */
export function sniff(head: Uint8Array): Sniffed {
  if (head.length === 0) return { refused: 'an empty file' }
  if (startsWith(head, [0xff, 0xd8, 0xff])) return 'image/jpeg'
  // PNG (third edition), section 5.2.
  if (startsWith(head, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png'
  // GIF89a specification, section 17.
  if (textAt(head, 0, 6) === 'GIF87a' || textAt(head, 0, 6) === 'GIF89a') return 'image/gif'
  // RFC 9649, section 2.4.
  if (textAt(head, 0, 4) === 'RIFF' && textAt(head, 8, 4) === 'WEBP') return 'image/webp'
  return isoBmffTypeOf(head) ?? streamTypeOf(head) ?? { refused: foreignNameOf(head) }
}

/**
 * Whether the type a client declared can stand beside what the bytes are. Clients that do not know say nothing
 * or application/octet-stream, or what curl declares when it is told nothing. MP4, MOV and 3GP are one container
 * family and are mixed up all the time, as are WebM and Matroska.
 */
export function agrees(declared: string | null, actual: SourceType): boolean {
  const type = (declared ?? '').replace(/;.*/s, '').trim().toLowerCase()
  if (type === '' || type === 'application/octet-stream' || type === 'application/x-www-form-urlencoded') return true
  const meant = aliases[type] ?? type
  return meant === actual || families.some((family) => family.has(meant) && family.has(actual))
}

/** The type of an upload. MEDIA_TYPE_UNSUPPORTED names what it is instead; MEDIA_TYPE_MISMATCH when it was declared as another. */
export function admitType(head: Uint8Array, declared: string | null): SourceType {
  const actual = sniff(head)
  if (typeof actual !== 'string') throw new MediaError('MEDIA_TYPE_UNSUPPORTED', `This is ${actual.refused}.`)
  if (!agrees(declared, actual)) throw new MediaError('MEDIA_TYPE_MISMATCH', `The bytes are ${actual}.`)
  return actual
}

/** Which of the two ways through the house a type takes. */
export function kindOf(type: SourceType): MediaKind {
  return type.startsWith('image/') ? 'image' : 'video'
}

const aliases: Readonly<Record<string, string>> = {
  'image/jpg': 'image/jpeg',
  'image/pjpeg': 'image/jpeg',
  'image/x-png': 'image/png',
  'image/apng': 'image/png',
  'image/vnd.mozilla.apng': 'image/png',
  // A HEIF's codec is told by its bytes; what a phone calls it is not.
  'image/heif': 'image/heic',
  'image/heic-sequence': 'image/heic',
  'image/heif-sequence': 'image/heic',
  'image/avif-sequence': 'image/avif',
  'video/x-m4v': 'video/mp4',
  'video/3gpp2': 'video/3gpp',
  'audio/3gpp': 'video/3gpp',
  'video/matroska': 'video/x-matroska',
  'audio/webm': 'video/webm',
  'video/mpeg': 'video/mp2t',
  'video/vnd.dlna.mpeg-tts': 'video/mp2t',
  'application/mp4': 'video/mp4',
}
const families: readonly ReadonlySet<string>[] = [
  new Set(['video/mp4', 'video/quicktime', 'video/3gpp']),
  new Set(['video/webm', 'video/x-matroska']),
]
