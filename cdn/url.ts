import { fromBase32, type MediaId, parseMediaId, toBase32 } from '../domain/ids.ts'
import { type FileExtension, type Locator, mediaTypes } from '../domain/media.ts'

/**
 * Addresses of stored files:
 *
 *     /m/<mediaId>.<version>/<volume>.<alt>.<cookie>/<name>
 *
 * mediaId: 13 of lower-case Crockford base32; version: decimal 1..255; volume and alt: base32 without
 * leading zeros; cookie: 16 lower-case hex digits; name: words of [a-z0-9] joined by single `.`, `_`, `-`,
 * with an extension of mediaTypes. One file has one address: whatever is not exactly of this form is not
 * an address, so that no cache holds two copies of which a purge would find one.
 * `/a/` is for aliases to what is current: alias-path.ts.
 */
export interface FileParts {
  readonly id: MediaId
  readonly version: number
  readonly locator: Locator
  readonly name: string
}

const NAME_CHARACTERS_MAX = 64
const VERSION_MAX = 255
const ALT_MAX = 0xffff_ffff
const PATH_CHARACTERS_MAX = 160

const PATH = /^\/m\/([0-9a-z]{13})\.([0-9]{1,3})\/([0-9a-z]{1,11})\.([0-9a-z]{1,7})\.([0-9a-f]{16})\/([^/]+)$/
const NAME = /^[a-z0-9]+(?:[._-][a-z0-9]+)*\.([a-z0-9]+)$/

/** The path of a file. Parts that no address can carry are a mistake of ours: Error. */
export function formatFilePath(parts: FileParts): string {
  const path = `/m/${parts.id}.${parts.version}/${place(parts.locator)}/${parts.name}`
  if (parseFilePath(path) === null) throw new Error(`no address can carry these parts: ${path}`)
  return path
}

/** The parts of a path (no query), or null when it is not an address in canonical form. */
export function parseFilePath(path: string): FileParts | null {
  if (path.length > PATH_CHARACTERS_MAX) return null
  const match = PATH.exec(path)
  if (match === null) return null
  const [, idText = '', versionText = '', volumeText = '', altText = '', cookie = '', name = ''] = match
  const id = parseMediaId(idText)
  const version = canonicalDecimal(versionText, VERSION_MAX)
  const volume = canonicalBase32(volumeText, Number.MAX_SAFE_INTEGER)
  const alt = canonicalBase32(altText, ALT_MAX)
  if (id === null || version === null || version === 0 || volume === null || alt === null) return null
  return typeOfName(name) === null ? null : { id, version, locator: { volume, alt, cookie }, name }
}

/** The Content-Type that a file's name stands for, or null for a name that no file of ours has. */
export function typeOfName(name: string): string | null {
  if (name.length > NAME_CHARACTERS_MAX) return null
  const extension = NAME.exec(name)?.[1]
  return extension !== undefined && isFileExtension(extension) ? mediaTypes[extension] : null
}

/** Reference from one file of an item's version to another, for playlists: `../<volume>.<alt>.<cookie>/<name>`. */
export function siblingReference(file: Pick<FileParts, 'locator' | 'name'>): string {
  return `../${place(file.locator)}/${file.name}`
}

/** Surrogate key of everything that was ever served of an item. */
export function itemTag(id: MediaId): string {
  return `m-${id}`
}

/** Surrogate key of one version of an item. */
export function versionTag(id: MediaId, version: number): string {
  return `${itemTag(id)}-v${version}`
}

function place({ volume, alt, cookie }: Locator): string {
  return `${toBase32(BigInt(volume))}.${toBase32(BigInt(alt))}.${cookie}`
}

function canonicalDecimal(text: string, max: number): number | null {
  const value = Number(text)
  return String(value) === text && value <= max ? value : null
}

function canonicalBase32(text: string, max: number): number | null {
  const value = fromBase32(text)
  return value !== null && value <= BigInt(max) && toBase32(value, 1) === text ? Number(value) : null
}

function isFileExtension(text: string): text is FileExtension {
  return Object.hasOwn(mediaTypes, text)
}
