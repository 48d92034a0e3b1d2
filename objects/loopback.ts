import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Hands out URLs of bytes held in memory, so that a child process can read them by range. */
export interface LoopbackReader {
  /** A URL that answers GET and HEAD, with single ranges, for `ttlMs`. */
  urlOf(key: string, ttlMs: number): Promise<string>
}

/**
 * A reader over `find`. Its server listens on a free port of 127.0.0.1 from the first `urlOf` on and does
 * not keep the process alive. Paths are random: only who was given one can read it.
 */
export function createLoopbackReader(find: (key: string) => Uint8Array | undefined): LoopbackReader {
  const grants = new Map<string, { readonly key: string; readonly untilMs: number }>()
  let origin: Promise<string> | undefined

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const grant = grants.get(request.url ?? '')
    const data = grant === undefined || grant.untilMs < Date.now() ? undefined : find(grant.key)
    if (data === undefined) {
      response.writeHead(404).end()
      return
    }
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = match === null ? 0 : Number(match[1])
    const end = match?.[2] ? Math.min(Number(match[2]) + 1, data.byteLength) : data.byteLength
    if (match !== null && start >= end) {
      response.writeHead(416, { 'Content-Range': `bytes */${data.byteLength}` }).end()
      return
    }
    response.writeHead(match === null ? 200 : 206, {
      'Accept-Ranges': 'bytes',
      'Content-Length': end - start,
      ...(match === null ? {} : { 'Content-Range': `bytes ${start}-${end - 1}/${data.byteLength}` }),
    })
    response.end(request.method === 'HEAD' ? undefined : data.subarray(start, end))
  }

  async function listen(): Promise<string> {
    const server = createServer(answer)
    server.on('connection', (socket) => socket.unref())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    server.unref()
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  return {
    async urlOf(key, ttlMs) {
      origin ??= listen()
      const path = `/${randomUUID()}`
      grants.set(path, { key, untilMs: Date.now() + ttlMs })
      return `${await origin}${path}`
    },
  }
}
