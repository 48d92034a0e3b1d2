import type { MediaId } from '../domain/ids.ts'
import type { FileParts } from './url.ts'
import { itemTag, versionTag } from './url.ts'

/** An address never answers with other bytes, so whoever has them need not ask again for a year (RFC 8246). */
const FOREVER = 'public, max-age=31536000, immutable'

/** On every answer, so that what an edge keeps can be used by any page that has the address. */
export const openHeaders: Readonly<Record<string, string>> = {
  // Constant, and not the request's Origin: an answer cached for one page must do for another.
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Content-Length, Content-Range, ETag',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'Timing-Allow-Origin': '*',
  'X-Content-Type-Options': 'nosniff',
}

/** Answer to a preflight request; a range is not always a simple header. */
export const preflightHeaders: Readonly<Record<string, string>> = {
  ...openHeaders,
  'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
  'Access-Control-Allow-Headers': 'Range, If-None-Match, If-Range',
  'Access-Control-Max-Age': '86400',
  'Cache-Control': 'public, max-age=86400',
}

/** Refusals are kept by nobody: what is missing may come, and an error may pass. */
export const refusalHeaders: Readonly<Record<string, string>> = { ...openHeaders, 'Cache-Control': 'no-store' }

/** Headers of a file that is there. */
export function fileHeaders(file: FileParts, type: string, etag: string): Record<string, string> {
  return {
    ...openHeaders,
    ...tagHeaders(file.id, file.version),
    'Content-Type': type,
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Cache-Control': FOREVER,
    // RFC 9213: for caches that browsers do not see.
    'CDN-Cache-Control': FOREVER,
  }
}

/** A browser asks for a variant again so soon: what it stands for may be replaced, and no purge reaches a browser. */
const VARIANT_BROWSER_SECONDS = 60

/** Headers of a variant: by edges kept until it is purged under the item's tag, and of all formats of an address at once. */
export function variantHeaders(
  id: MediaId,
  {
    version,
    negotiated,
    seconds,
    type,
  }: { readonly version: number; readonly negotiated: boolean; readonly seconds: number; readonly type: string },
  etag: string,
): Record<string, string> {
  return {
    ...openHeaders,
    ...tagHeaders(id, version),
    'Content-Type': type,
    ...(negotiated ? { Vary: 'Accept' } : {}),
    'Accept-Ranges': 'bytes',
    ETag: etag,
    'Cache-Control': `public, max-age=${Math.min(VARIANT_BROWSER_SECONDS, seconds)}`,
    'CDN-Cache-Control': `public, max-age=${seconds}`,
  }
}

/** Headers of an alias' answer: asked for anew each time, so that nothing replaced or erased is ever shown by it. */
export function aliasHeaders(id: MediaId, version: number): Record<string, string> {
  return { ...openHeaders, ...tagHeaders(id, version), 'Cache-Control': 'no-store' }
}

/** The tags are said in each dialect: Varnish, Fastly, Cloudflare and others. */
function tagHeaders(id: MediaId, version: number): Record<string, string> {
  const tags = [itemTag(id), versionTag(id, version)]
  return { xkey: tags.join(' '), 'Surrogate-Key': tags.join(' '), 'Cache-Tag': tags.join(',') }
}

/** A strong validator: the address alone already fixes the bytes, and this names them. */
export function etagOf(crc: number, bytes: number): string {
  return `"${(crc >>> 0).toString(16).padStart(8, '0')}-${bytes.toString(16)}"`
}
