import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { errorTable, codeOf, MediaError } from '../domain/errors.ts'
import { keyOf } from '../domain/ids.ts'
import type { Limits } from '../domain/limits.ts'
import type { StoredFile } from '../domain/media.ts'
import type { BlobRead, BlobStore, CurrentFiles } from '../domain/ports.ts'
import { isStriped } from '../domain/alt.ts'
import { parseAliasPath } from './alias-path.ts'
import {
  type Answer,
  answerCurrent,
  answerError,
  answerFile,
  answerKeptByNobody,
  answerPreflight,
  answerProbe,
  answerVariant,
} from './answer.ts'
import { createCurrent } from './current-files.ts'
import type { Erasures } from './erasures.ts'
import { createHotFiles } from './hot-files.ts'
import { type Logger, silent } from './logger.ts'
import { type FileParts, parseFilePath } from './url.ts'
import { protectedFile } from './protected-files.ts'
import { parseProtectedPath } from './protected-path.ts'
import { mistakenVariantPath, parseVariantPath, type VariantParts } from './variant-path.ts'
import { createVariants, type VariantOptions } from './variants.ts'
import { contentOf, stripedContent } from './content.ts'

/** What is short is put into one piece with its headers: one write to the system, of what is copied, costs less than two. */
const ONE_WRITE_BYTES_MAX = 8 * 1024

/** A character for each byte, which `latin1` makes bytes again. */
function bytesAsText({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}

export interface OriginOptions {
  readonly blobs: Pick<BlobStore, 'read'>
  /** Usually an ErasureFollower: its `ready` and `onErased` are used where it has them. */
  readonly erasures: Erasures & { ready?(): boolean; onErased?(listener: (id: FileParts['id']) => void): () => void }
  /** What aliases are resolved from; without it there are none. */
  readonly current?: CurrentFiles
  /** What makes variants; without it, or without `current`, there are none. */
  readonly variants?: VariantOptions
  /** What encrypted items' keys are derived from and their addresses signed with; without it none is played. */
  readonly contentSecret?: string | null
  readonly limits: Pick<
    Limits,
    | 'aliasAgeMsMax'
    | 'hotFileAgeMsMax'
    | 'aliasItemsMax'
    | 'originConcurrencyMax'
    | 'requestHeaderMsMax'
    | 'closeMsMax'
    | 'variantSideMax'
    | 'variantsUnderWayMax'
    | 'variantEdgeSecondsMax'
  >
  /** Memory for files that are asked for again; 0 keeps none. */
  readonly hotBytesMax?: number
  /** A reader that takes nothing for this long is cut off. */
  readonly stuckMsMax?: number
  readonly logger?: Logger
  /** Told of every file that is about to be sent. */
  readonly onRead?: (id: FileParts['id']) => void
  /** Told of every answer when it has been sent or given up; for metrics. */
  readonly onAnswer?: (seen: { readonly status: number; readonly bytes: number; readonly ms: number }) => void
}

export interface Origin {
  /** Port 0 takes a free one. Gives the base URL. */
  listen(port: number, host?: string): Promise<string>
  /** Takes no new connections, lets running answers end within `closeMsMax`, then cuts them. Idempotent. */
  close(): Promise<void>
}

/**
 * The server behind the edges: GET and HEAD of immutable files straight from the volumes, with no database
 * on the way; aliases to what is current come from `current`. An erased item is 410 whatever else the address says, before it is read and again after.
 * Until the feed of erasures was read once, files are 503: nobody knows yet what must not be shown.
 * `/healthz` says that the process answers, `/readyz` that its knowledge of erasures is fresh.
 */
export function createOrigin(options: OriginOptions): Origin {
  const { blobs, erasures, limits, hotBytesMax = 0, stuckMsMax = 60_000, logger = silent, onAnswer } = options
  const hot = createHotFiles(hotBytesMax, { ageMsMax: limits.hotFileAgeMsMax })
  const unsubscribe = erasures.onErased?.((id) => hot.forget(id))
  const current = options.current
    ? createCurrent({ source: options.current, ageMsMax: limits.aliasAgeMsMax, itemsMax: limits.aliasItemsMax })
    : null
  const isFresh = () => erasures.ready?.() ?? erasures.loaded()
  const findVariant = options.variants ? createVariants(options.variants, limits) : null
  let underWay = 0
  let closing: Promise<void> | undefined

  /** @param lend whether the data is released once it is sent */
  async function readFile(file: FileParts, lend = false): Promise<BlobRead> {
    // What memory holds knows of no tombstone: it is used while the feed of erasures is fresh.
    if (hotBytesMax > 0 && isFresh()) return await hot.get(file, () => blobs.read(keyOf(file.id), file.locator))
    return await blobs.read(keyOf(file.id), file.locator, { lend })
  }

  /** An item that is erased while its file is being sent is sent no further. */
  async function readStripe(stripe: FileParts): Promise<Uint8Array> {
    const { data } = await readFile(stripe)
    if (erasures.has(stripe.id)) throw new MediaError('MEDIA_ERASED')
    return data
  }

  async function serveFile(path: string, request: IncomingMessage): Promise<Answer> {
    const file = parseFilePath(path)
    if (file === null) return answerError(new MediaError('ROUTE_NOT_FOUND'))
    if (!erasures.loaded()) throw new MediaError('CATALOG_UNAVAILABLE')
    if (erasures.has(file.id)) throw new MediaError('MEDIA_ERASED')
    // Under another version's number a purge of the version would not find it.
    if (file.locator.alt >>> 24 !== file.version) throw new MediaError('BLOB_NOT_FOUND')
    const blob = await readFile(file, !isStriped(file.locator.alt))
    if (erasures.has(file.id)) {
      blob.release?.()
      throw new MediaError('MEDIA_ERASED')
    }
    options.onRead?.(file.id)
    const content = isStriped(file.locator.alt) ? stripedContent(blob, (locator) => readStripe({ ...file, locator })) : contentOf(blob)
    const answer = answerFile(request.method ?? 'GET', request.headers, file, content)
    return blob.release ? { ...answer, release: blob.release } : answer
  }

  async function serveVariant(parts: VariantParts, { method = 'GET', headers }: IncomingMessage): Promise<Answer> {
    const { id } = parts
    if (current === null || findVariant === null) return answerError(new MediaError('ROUTE_NOT_FOUND'))
    if (!erasures.loaded()) throw new MediaError('CATALOG_UNAVAILABLE')
    if (erasures.has(id)) throw new MediaError('MEDIA_ERASED')
    const found = await findVariant(await current.rowOf(parts), parts, headers.accept)
    const { locator, name } = found.file
    const blob = await readFile({ id, version: found.version, locator, name })
    if (erasures.has(id)) throw new MediaError('MEDIA_ERASED')
    options.onRead?.(id)
    return answerVariant(method, headers, id, found, contentOf(blob))
  }

  async function serveProtected(path: string): Promise<Answer> {
    const parts = parseProtectedPath(path)
    const { contentSecret, current: source } = options
    if (parts === null || !contentSecret || !source) return answerError(new MediaError('ROUTE_NOT_FOUND'))
    const { id, version } = parts
    if (!erasures.loaded()) throw new MediaError('CATALOG_UNAVAILABLE')
    if (erasures.has(id)) throw new MediaError('MEDIA_ERASED')
    const read = async ({ locator, name }: StoredFile) => (await readFile({ id, version, locator, name })).data
    const file = await protectedFile(parts, contentSecret, Date.now(), async () => await source.get(id), read)
    if (erasures.has(id)) throw new MediaError('MEDIA_ERASED')
    return answerKeptByNobody(id, version, file)
  }

  /** What is wrong with a variant's address is told to those who know that the item is there: of others it is no address. */
  async function refuseMistaken(path: string): Promise<Answer> {
    const mistaken = mistakenVariantPath(path, limits.variantSideMax)
    if (mistaken === null || current === null || findVariant === null) throw new MediaError('ROUTE_NOT_FOUND')
    if (!erasures.loaded()) throw new MediaError('CATALOG_UNAVAILABLE')
    if (erasures.has(mistaken.id)) throw new MediaError('MEDIA_ERASED')
    const { kind } = await current.rowOf(mistaken)
    if (kind !== 'image') throw new MediaError('BLOB_NOT_FOUND')
    throw new MediaError('VARIANT_INVALID', mistaken.fault)
  }

  async function serveAlias(path: string, request: IncomingMessage): Promise<Answer> {
    const variant = parseVariantPath(path, limits.variantSideMax)
    if (variant !== null) return await serveVariant(variant, request)
    const alias = parseAliasPath(path)
    if (alias === null) return await refuseMistaken(path)
    if (current === null) return answerError(new MediaError('ROUTE_NOT_FOUND'))
    if (!erasures.loaded()) throw new MediaError('CATALOG_UNAVAILABLE')
    if (erasures.has(alias.id)) throw new MediaError('MEDIA_ERASED')
    const file = await current.resolve(alias)
    if (erasures.has(alias.id)) throw new MediaError('MEDIA_ERASED')
    return answerCurrent(alias.id, file)
  }

  async function serve(request: IncomingMessage): Promise<Answer> {
    const [path = ''] = (request.url ?? '').split('?', 1)
    if (request.method === 'OPTIONS') return answerPreflight()
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return answerError(new MediaError('METHOD_NOT_ALLOWED'), { Allow: 'GET, HEAD, OPTIONS' })
    }
    if (path === '/healthz') return answerProbe(true)
    if (path === '/readyz') return answerProbe(closing === undefined && isFresh())
    // Probes are answered in any case: an origin at its limit is busy, not ill.
    if (underWay > limits.originConcurrencyMax) return answerError(new MediaError('STORAGE_UNAVAILABLE'))
    if (path.startsWith('/k/')) return await serveProtected(path)
    return await (path.startsWith('/a/') ? serveAlias(path, request) : serveFile(path, request))
  }

  function refuse(error: unknown, request: IncomingMessage): Answer {
    const code = codeOf(error)
    const requestId = randomUUID()
    if (errorTable[code].status >= 500 && code !== 'CATALOG_UNAVAILABLE') {
      const message = error instanceof Error ? error.message : String(error)
      logger.error('origin.failed', { requestId, path: request.url, code, message })
    }
    return answerError(error, {}, requestId)
  }

  function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
    if (closing !== undefined) response.setHeader('Connection', 'close')
    response.writeHead(status, headers)
    if (request.method === 'HEAD' || body === null) response.end()
    else if (body instanceof Uint8Array && body.byteLength <= ONE_WRITE_BYTES_MAX) response.end(bytesAsText(body), 'latin1')
    else if (body instanceof Uint8Array) response.end(body)
    // The head is out: all that is left to say of a failure is to cut the connection, which `pipeline` does.
    else
      pipeline(body, response).catch((error: unknown) => {
        if (error instanceof MediaError) logger.error('origin.cut', { path: request.url, code: error.code })
      })
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedMs = performance.now()
    let bytes = 0
    underWay += 1
    response.once('close', () => {
      underWay -= 1
      if (onAnswer === undefined) return
      onAnswer({ status: response.statusCode, bytes, ms: performance.now() - startedMs })
    })
    // No request of ours has a body: what comes is read and dropped.
    request.resume()
    const answer = await serve(request).catch((error: unknown) => refuse(error, request))
    // When a response closes, its bytes are with the system or its connection is gone.
    if (answer.release) {
      if (response.closed) answer.release()
      else response.once('close', answer.release)
    }
    if (response.destroyed) return
    if (request.method !== 'HEAD' && answer.body !== null) bytes = Number(answer.headers['Content-Length'] ?? 0)
    send(request, response, answer)
  }

  const server = createServer(
    { maxHeaderSize: 8 * 1024, headersTimeout: limits.requestHeaderMsMax, requestTimeout: limits.requestHeaderMsMax },
    (request, response) => {
      handle(request, response).catch((error: unknown) => {
        logger.error('origin.bug', { message: error instanceof Error ? (error.stack ?? error.message) : String(error) })
        response.destroy()
      })
    },
  )
  server.timeout = stuckMsMax
  // Longer than the edge's own (60 s), so that it is not the origin that closes under a request on its way.
  server.keepAliveTimeout = 65_000
  server.maxRequestsPerSocket = 0

  async function close(): Promise<void> {
    unsubscribe?.()
    const closed = new Promise((done) => server.close(done))
    server.closeIdleConnections()
    const cut = setTimeout(() => server.closeAllConnections(), limits.closeMsMax)
    await closed
    clearTimeout(cut)
  }

  return {
    async listen(port, host = '127.0.0.1') {
      server.listen(port, host)
      await once(server, 'listening')
      const { address, port: taken, family } = server.address() as AddressInfo
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`
    },
    close: () => (closing ??= close()),
  }
}
