import { createHmac, timingSafeEqual } from 'node:crypto'
import { type MediaId, parseMediaId } from '../domain/ids.ts'
import { faultOfVariantRequest, formatVariantRequest, parseVariantRequest, type VariantRequest } from '../domain/variant.ts'

/**
 * Addresses of variants, renditions that are made when they are first asked for:
 *
 *     /a/<mediaId>.<key>/<request>[/<grant>]
 *
 * key as of aliases; request: domain/variant.ts; grant: `x-` for this very request or `p-` for any request of the
 * item, then the second at which it ends, then 32 hex digits of the HMAC-SHA256 of what it grants. Without a
 * grant a size has to be on the allow-list.
 */
export interface VariantParts {
  readonly id: MediaId
  readonly key: string
  readonly request: VariantRequest
  readonly grant: Grant | null
}

export interface Grant {
  readonly scope: 'x' | 'p'
  /** Seconds since 1970. */
  readonly until: number
  readonly signature: string
}

const PATH = /^\/a\/([0-9a-z]{13})\.([0-9a-f]{16})\/([a-z0-9_,]{5,80})(?:\/([xp])-([1-9][0-9]{9})-([0-9a-f]{32}))?$/
const PATH_CHARACTERS_MAX = 192

/** The parts of a path (no query), or null when it is not a variant's in canonical form. Sides are at most `sideMax`. */
export function parseVariantPath(path: string, sideMax: number): VariantParts | null {
  const match = path.length > PATH_CHARACTERS_MAX ? null : PATH.exec(path)
  if (match === null) return null
  const [, idText = '', key = '', text = '', scope, until, signature = ''] = match
  const id = parseMediaId(idText)
  const request = parseVariantRequest(text, sideMax)
  if (id === null || request === null) return null
  return { id, key, request, grant: scope === undefined ? null : { scope: scope as Grant['scope'], until: Number(until), signature } }
}

/** A path that is meant to be a variant's and has not its form: whose it is and what it asks for. */
interface MistakenPath {
  readonly id: MediaId
  readonly key: string
  readonly fault: string
}

const MISTAKEN = /^\/a\/([0-9a-z]{13})\.([0-9a-f]{16})\/((?:[a-zA-Z]+_|[^/]*,)[^/]*)(?:\/[^/]*)?$/

/** What is wrong with a path that is no variant's although it looks like one; null for what does not even look so. */
export function mistakenVariantPath(path: string, sideMax: number): MistakenPath | null {
  const [, idText = '', key = '', text = ''] = (path.length > PATH_CHARACTERS_MAX ? null : MISTAKEN.exec(path)) ?? []
  const id = parseMediaId(idText)
  if (id === null) return null
  const fault =
    faultOfVariantRequest(text, sideMax) ?? 'What follows the request is no grant: x- or p-, the second at which it ends, -, 32 hex digits.'
  return { id, key, fault }
}

/** What requests of an item's variants are appended to. */
export function variantsPath({ id, key }: Pick<VariantParts, 'id' | 'key'>): string {
  return `/a/${id}.${key}/`
}

/** The path of a variant of the item, signed until a second since 1970 when there is a secret. */
export function formatVariantPath(
  { id, key, request }: Pick<VariantParts, 'id' | 'key' | 'request'>,
  signing?: { readonly secret: string; readonly scope: Grant['scope']; readonly until: number },
): string {
  const path = `${variantsPath({ id, key })}${formatVariantRequest(request)}`
  if (!signing) return path
  const { scope, until } = signing
  return `${path}/${scope}-${until}-${signatureOf(signing.secret, { id, key, request, scope, until })}`
}

/** Whether the grant covers the request now, under any of the secrets: a new one is added before the old one goes. */
export function grantHolds({ id, key, request, grant }: VariantParts, secrets: readonly string[], nowMs: number): boolean {
  if (grant === null || grant.until * 1_000 <= nowMs) return false
  const given = Buffer.from(grant.signature)
  const { scope, until } = grant
  return secrets.some((secret) => timingSafeEqual(given, Buffer.from(signatureOf(secret, { id, key, request, scope, until }))))
}

function signatureOf(
  secret: string,
  { id, key, request, scope, until }: Pick<VariantParts, 'id' | 'key' | 'request'> & Pick<Grant, 'scope' | 'until'>,
): string {
  const what = `${variantsPath({ id, key })}${scope === 'x' ? formatVariantRequest(request) : ''}`
  return createHmac('sha256', secret).update(`${scope}\n${until}\n${what}`).digest('hex').slice(0, 32)
}
