import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { MediaError } from '../domain/errors.ts'
import type { Logger } from './logger.ts'
import { problemOf } from './problem.ts'

const OTHER = '400 Bad Request'
/** By the codes of Node's parser. */
const statuses: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/**
 * Answers what is not HTTP, or has too large or too slow a head: it never reaches a route. The connection ends, after `lingerMsMax` also
 * where the other side does not end it: Node looks at it no more.
 */
export function refuseMalformed(error: Error & { code?: string }, socket: Duplex, logger: Logger, lingerMsMax: number): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const requestId = randomUUID()
  const status = statuses[error.code ?? ''] ?? OTHER
  const problem = { ...problemOf(new MediaError('REQUEST_INVALID'), requestId), status: Number(status.slice(0, 3)) }
  const body = JSON.stringify(problem)
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-ID: ${requestId}`,
    'Connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  const end = setTimeout(() => socket.destroy(), lingerMsMax)
  socket.once('close', () => clearTimeout(end))
  logger.info('request-malformed', { requestId, status: problem.status, code: error.code ?? 'unknown' })
}
