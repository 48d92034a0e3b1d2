import { createHmac, timingSafeEqual } from 'node:crypto'
import { CONTENT_KEY_NAME } from '../domain/hls.ts'
import { type MediaId, parseMediaId } from '../domain/ids.ts'
import { typeOfName } from './url.ts'

/**
 * Addresses at which an encrypted video is played:
 *
 *     /k/<mediaId>.<version>/<until>.<signature>/<name>
 *
 * until: the second since 1970 at which it ends; signature: 32 hex digits of an HMAC-SHA256 over item, version and
 * end; name: a playlist of the item, or `content.key`. What a playlist names is beside it, so the signature goes along.
 */
export interface ProtectedParts {
  readonly id: MediaId
  readonly version: number
  readonly until: number
  readonly signature: string
  readonly name: string
}

const PATH = /^\/k\/([0-9a-z]{13})\.([1-9][0-9]{0,2})\/([1-9][0-9]{9})\.([0-9a-f]{32})\/([^/]+)$/
const PATH_CHARACTERS_MAX = 192

/** The path of a file of an encrypted item, signed with `secret`. */
export function formatProtectedPath(secret: string, { id, version, until, name }: Omit<ProtectedParts, 'signature'>): string {
  return `/k/${id}.${version}/${until}.${signatureOf(secret, { id, version, until })}/${name}`
}

/** The parts of a path (no query), or null when it is not one in canonical form. */
export function parseProtectedPath(path: string): ProtectedParts | null {
  if (path.length > PATH_CHARACTERS_MAX) return null
  const [, idText = '', version = '', until = '', signature = '', name = ''] = PATH.exec(path) ?? []
  const id = parseMediaId(idText)
  if (id === null || (name !== CONTENT_KEY_NAME && (typeOfName(name) === null || !name.endsWith('.m3u8')))) return null
  return { id, version: Number(version), until: Number(until), signature, name }
}

/** Whether the address was signed by us and has not ended. */
export function isGranted(secret: string, { signature, ...parts }: ProtectedParts, nowMs: number): boolean {
  if (parts.until * 1_000 <= nowMs) return false
  return timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(secret, parts)))
}

function signatureOf(secret: string, { id, version, until }: Pick<ProtectedParts, 'id' | 'version' | 'until'>): string {
  return createHmac('sha256', secret).update(`play ${id} ${version} ${until}`).digest('hex').slice(0, 32)
}
