import type { IncomingHttpHeaders } from 'node:http'
import fresh from 'fresh'
import parseRange from 'range-parser'

/** Which part of a file answers a request. */
export type Selection =
  | { readonly status: 200 }
  | { readonly status: 206; readonly start: number; readonly end: number }
  | { readonly status: 304 }
  | { readonly status: 416 }

/**
 * RFC 9110: If-None-Match comes before Range (13.2.2), Range means something with GET only (14.2), and not
 * when If-Range names another file (13.1.5). There is no Last-Modified, so a date there never matches. Of
 * several ranges, and of a unit or a form that is not ours, none is answered: the whole file is (14.2).
 * `end` is inclusive.
 */
export function select(method: string, headers: IncomingHttpHeaders, bytes: number, etag: string): Selection {
  // A reader who asks for a check by `no-cache` asks whether the file has changed, and it has not.
  if (headers['if-none-match'] !== undefined && fresh({ 'if-none-match': headers['if-none-match'] }, { etag })) return { status: 304 }
  const { range } = headers
  if (method !== 'GET' || range === undefined) return { status: 200 }
  const ifRange = headers['if-range']
  if (ifRange !== undefined && ifRange !== etag) return { status: 200 }
  // range-parser refuses a suffix longer than the file, and an end before the start; by 14.1.2 the first
  // means all of the file, and the second no range at all.
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? []
  if (first === undefined || last === undefined || (first !== '' && last !== '' && Number(last) < Number(first))) return { status: 200 }
  const parsed = parseRange(bytes, first === '' && Number(last) > bytes ? 'bytes=0-' : range)
  if (parsed === -2) return { status: 200 }
  const only = parsed === -1 ? undefined : parsed[0]
  return only === undefined ? { status: 416 } : { status: 206, start: only.start, end: only.end }
}
