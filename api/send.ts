import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Answer } from './call.ts'

/**
 * Sends an answer. Where the request's body has not been read to its end, a closing socket would reset
 * the connection and could take the answer with it (RFC 9112, section 9.6), so the whole answer is sent
 * first, what still comes is read and dropped for at most `lingerMsMax`, and only then the connection ends.
 */
export async function send(request: IncomingMessage, response: ServerResponse, answer: Answer, lingerMsMax: number): Promise<void> {
  if (response.destroyed) return
  const bodiless = answer.status === 204 || answer.status === 304
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  const unread = hasBody(request) && !request.readableEnded
  response.writeHead(answer.status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(bodiless ? {} : { 'content-type': answer.type, 'content-length': body.length }),
    ...(unread ? { connection: 'close' } : {}),
    ...answer.headers,
  })
  const shown = bodiless || request.method === 'HEAD' ? new Uint8Array() : body
  if (!unread) return void response.end(shown)
  if (shown.length > 0) response.write(shown)
  else response.flushHeaders()
  await drain(request, lingerMsMax)
  response.end()
  if (!request.readableEnded) request.destroy()
}

/** Whether the head announces a body (RFC 9112, section 6.3). */
function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

function drain(request: IncomingMessage, msMax: number): Promise<void> {
  return new Promise((resolve) => {
    if (request.destroyed || request.readableEnded) return resolve()
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, msMax)
    // A reader that waits for more would hold the stream; the answer is given, so nobody reads on.
    request.removeAllListeners('readable')
    request.on('end', done).on('close', done).on('error', done).resume()
  })
}
