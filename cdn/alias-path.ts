import { createHash } from 'node:crypto'
import { type MediaId, parseMediaId } from '../domain/ids.ts'
import type { MediaRow } from '../domain/media.ts'
import { typeOfName } from './url.ts'

/**
 * Addresses of what is current:
 *
 *     /a/<mediaId>.<key>/<name>
 *
 * key: 16 lower-case hex digits that only who was given the address knows; ids can be guessed. As with files,
 * one alias has one address.
 */
export interface AliasParts {
  readonly id: MediaId
  readonly key: string
  readonly name: string
}

const PATH = /^\/a\/([0-9a-z]{13})\.([0-9a-f]{16})\/([^/]+)$/
const PATH_CHARACTERS_MAX = 128

/** The key of an item's aliases, the same for all its versions: from what only the catalog and the uploader know. */
export function aliasKey({ id, sourceSha256 }: Pick<MediaRow, 'id' | 'sourceSha256'>): string {
  return createHash('sha256').update(`alias ${id} ${sourceSha256}`).digest('hex').slice(0, 16)
}

/** The path of an alias. Parts that no address can carry are a mistake of ours: Error. */
export function formatAliasPath({ id, key, name }: AliasParts): string {
  const path = `/a/${id}.${key}/${name}`
  if (parseAliasPath(path) === null) throw new Error(`no address can carry these parts: ${path}`)
  return path
}

/** The parts of a path (no query), or null when it is not an alias in canonical form. */
export function parseAliasPath(path: string): AliasParts | null {
  if (path.length > PATH_CHARACTERS_MAX) return null
  const [, idText = '', key = '', name = ''] = PATH.exec(path) ?? []
  const id = parseMediaId(idText)
  return id === null || typeOfName(name) === null ? null : { id, key, name }
}
