import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { codeOf, type ErrorCode, errorTable, MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import { mediaTypes } from '../domain/media.ts'
import type { Current } from './current-files.ts'
import { aliasHeaders, fileHeaders, preflightHeaders, refusalHeaders, variantHeaders } from './policy.ts'
import type { ProtectedFile } from './protected-files.ts'
import { select } from './select.ts'
import { type FileParts, typeOfName } from './url.ts'
import type { FoundVariant } from './variants.ts'

/** An HTTP answer, decided before a byte is sent. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: Uint8Array | AsyncIterable<Uint8Array> | null
  /** Called when nobody sends from the body any more. */
  release?(): void
}

/** What is answered: a file's size, its validator, and any part of it. */
export interface Content {
  readonly bytes: number
  readonly etag: string
  /** From `start` to `end`, inclusive. */
  part(start: number, end: number): Uint8Array | AsyncIterable<Uint8Array>
}

/** The answer to GET or HEAD of a file that is there. */
export function answerFile(method: string, headers: IncomingHttpHeaders, file: FileParts, content: Content): Answer {
  const type = typeOfName(file.name)
  if (type === null) throw new Error(`a parsed address has a type: ${file.name}`)
  return answerContent(method, headers, fileHeaders(file, type, content.etag), content)
}

/** The answer to GET or HEAD of a variant. */
export function answerVariant(method: string, headers: IncomingHttpHeaders, id: MediaId, found: FoundVariant, content: Content): Answer {
  return answerContent(method, headers, variantHeaders(id, { ...found, type: found.file.type }, content.etag), content)
}

function answerContent(method: string, headers: IncomingHttpHeaders, common: Record<string, string>, content: Content): Answer {
  const { bytes, etag } = content
  const chosen = select(method, headers, bytes, etag)
  switch (chosen.status) {
    case 200:
      return { status: 200, headers: { ...common, 'Content-Length': bytes }, body: content.part(0, bytes - 1) }
    case 206: {
      const { start, end } = chosen
      const range = `bytes ${start}-${end}/${bytes}`
      return {
        status: 206,
        headers: { ...common, 'Content-Length': end - start + 1, 'Content-Range': range },
        body: content.part(start, end),
      }
    }
    case 304: {
      // RFC 9110, section 15.4.5: metadata that a cache can use, and no more.
      const { 'Content-Type': _type, 'Accept-Ranges': _ranges, ...kept } = common
      return { status: 304, headers: kept, body: null }
    }
    case 416:
      return answerError(new MediaError('RANGE_NOT_SATISFIABLE'), { 'Content-Range': `bytes */${bytes}` })
  }
}

/** The answer to an alias: a way to the file that is current, or a playlist that will grow. Kept by nobody. */
export function answerCurrent(id: MediaId, current: Current): Answer {
  const headers = aliasHeaders(id, current.version)
  // 307 and not 302: RFC 9110, section 15.4.8, leaves the method as it is.
  if (current.is === 'file') return { status: 307, headers: { ...headers, Location: current.path, 'Content-Length': 0 }, body: null }
  const body = new TextEncoder().encode(current.text)
  return { status: 200, headers: { ...headers, 'Content-Type': mediaTypes.m3u8, 'Content-Length': body.byteLength }, body }
}

/** The answer to a signed address: for whoever was given it, and kept by nobody. */
export function answerKeptByNobody(id: MediaId, version: number, { type, body }: ProtectedFile): Answer {
  return { status: 200, headers: { ...aliasHeaders(id, version), 'Content-Type': type, 'Content-Length': body.byteLength }, body }
}

/**
 * RFC 9457 for any thrown value. What is told is the table's text: details stay in the log, but for what is wrong with the
 * request itself.
 * @param requestId what the log has it under, where anything of it is there
 */
export function answerError(error: unknown, headers: Readonly<Record<string, string>> = {}, requestId: string = randomUUID()): Answer {
  const code: ErrorCode = codeOf(error)
  const { status, title, advice } = errorTable[code]
  const detail = error instanceof MediaError && status === 400 ? error.message : title
  const body = new TextEncoder().encode(JSON.stringify({ type: `/problems/${code}`, title, status, detail, code, advice, requestId }))
  const retry = status === 503 ? { 'Retry-After': '1' } : {}
  return {
    status,
    headers: { ...refusalHeaders, ...retry, ...headers, 'Content-Type': 'application/problem+json', 'Content-Length': body.byteLength },
    body,
  }
}

export function answerPreflight(): Answer {
  return { status: 204, headers: preflightHeaders, body: null }
}

/** For probes: `ok` or why not, in plain text. */
export function answerProbe(isWell: boolean): Answer {
  const body = new TextEncoder().encode(isWell ? 'ok\n' : 'not ready\n')
  return {
    status: isWell ? 200 : 503,
    headers: { 'Cache-Control': 'no-store', 'Content-Type': 'text/plain', 'Content-Length': body.byteLength },
    body,
  }
}
