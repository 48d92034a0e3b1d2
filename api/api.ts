import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MediaError } from '../domain/errors.ts'
import { createAuthenticator, createOperatorCheck } from './authenticate.ts'
import type { Answer, Call, Parts } from './call.ts'
import { createGate } from './gate.ts'
import { factsOfError } from './logger.ts'
import { refuseMalformed } from './malformed.ts'
import { refuseUnknownParameters } from './parameters.ts'
import { problemAnswer, problemOf } from './problem.ts'
import { matchRoute, type Route, routes } from './routes.ts'
import { send } from './send.ts'
import { createSignals } from './signals.ts'

/** Everything the API works with, given by who puts the house together. */
export interface ApiOptions extends Omit<Parts, 'signals' | 'uploads' | 'background' | 'closing'> {
  /** SHA-256 (hex) of the keys of those who run the house. */
  readonly operatorKeys: readonly string[]
  /** Told of every answer, for metrics: `route` is its pattern, empty where there is none; status 0: the client had gone. */
  readonly onAnswer?: (seen: { readonly route: string; readonly status: number; readonly ms: number }) => void
}

export interface Api {
  /** Listens; port 0 takes a free one. Throws what the system says, for example EADDRINUSE. */
  listen(host: string, port: number): Promise<{ readonly port: number }>
  /** Takes no more connections, ends event streams, lets running requests and starts finish for limits.closeMsMax. */
  close(): Promise<void>
}

export function createApi(options: ApiOptions): Api {
  const { logger, limits } = options
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  const background: Parts['background'] = (event, id, work) => {
    const watched: Promise<void> = work
      .catch((error) => logger.error(`${event}-failed`, { id, ...factsOfError(error) }))
      .finally(() => running.delete(watched))
    running.add(watched)
  }
  const signals = createSignals(options.catalog)
  const uploads = createGate(limits.uploadsAtOnceMax, 'UPLOADS_TOO_MANY')
  const parts: Parts = { ...options, signals, uploads, background, closing: closing.signal }
  const checkOperator = createOperatorCheck(options.operatorKeys)
  const authenticate = createAuthenticator({ tenants: options.catalog, cacheMsMax: limits.keyCacheMsMax, now: Date.now })

  const server = createServer({
    headersTimeout: limits.requestHeaderMsMax,
    // An upload may take hours; its pace is what is watched.
    requestTimeout: 0,
    maxHeaderSize: 16 * 1024,
  })
  server.on('request', (request, response) => track(request, response, () => {}))
  server.on('checkContinue', (request, response) => track(request, response, () => response.writeContinue()))
  server.on('clientError', (error, socket) => refuseMalformed(error, socket, logger, limits.lingerMsMax))

  function track(request: IncomingMessage, response: ServerResponse, proceed: () => void): void {
    const served: Promise<void> = serve(request, response, proceed).finally(() => running.delete(served))
    running.add(served)
  }

  async function serve(request: IncomingMessage, response: ServerResponse, proceed: () => void): Promise<void> {
    const startedMs = performance.now()
    const requestId = randomUUID()
    const facts: { tenant?: string; code?: string } = {}
    let route = ''
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    response.setHeader('x-request-id', requestId)
    // Without a listener a broken connection would be an uncaught error; the reader of the body sees it too.
    request.on('error', () => {})
    response.on('error', () => {})
    try {
      const answer = await answerOf(request, response, path, requestId, proceed, facts, (found) => (route = found))
      if (answer) await send(request, response, answer, limits.lingerMsMax)
    } catch (error) {
      const problem = problemOf(error, requestId)
      facts.code = problem.code
      if (problem.status >= 500) logger.error('request-failed', { requestId, method: request.method, path, ...factsOfError(error) })
      if (response.headersSent) response.destroy()
      else await send(request, response, problemAnswer(problem), limits.lingerMsMax)
    }
    // 0: the client went away before there was an answer.
    const status = response.headersSent ? response.statusCode : 0
    const ms = performance.now() - startedMs
    options.onAnswer?.({ route, status, ms })
    logger.info('request', { requestId, method: request.method, path, status, ms: Math.round(ms), ...facts })
  }

  async function answerOf(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    requestId: string,
    proceed: () => void,
    facts: { tenant?: string },
    onRoute: (route: string) => void,
  ): Promise<Answer | null> {
    const match = matchRoute(routes, request.method ?? '', path)
    if (!match.found) return notRouted(match.allow, requestId)
    onRoute(`${match.route.method} ${match.route.path}`)
    const tenant = await tenantFor(match.route, request)
    if (tenant !== '') facts.tenant = tenant
    const query = new URLSearchParams(request.url?.slice(path.length + 1) ?? '')
    if (match.route.query) refuseUnknownParameters(query, match.route.query)
    const call: Call = {
      request,
      response,
      query,
      params: match.params,
      requestId,
      tenant,
      proceed,
    }
    return match.route.handler(call, parts)
  }

  async function tenantFor(route: Route, request: IncomingMessage): Promise<string> {
    const { authorization } = request.headers
    if (route.access === 'tenant') return authenticate(authorization)
    if (route.access === 'operator') checkOperator(authorization)
    return ''
  }

  return {
    async listen(host, port) {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      return { port: (server.address() as AddressInfo).port }
    },
    async close() {
      closing.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const deadline = setTimeout(() => server.closeAllConnections(), limits.closeMsMax)
      await Promise.allSettled(running)
      server.closeIdleConnections()
      await closed
      clearTimeout(deadline)
      parts.signals.close()
    },
  }
}

function notRouted(allow: readonly string[], requestId: string): Answer {
  if (allow.length === 0) throw new MediaError('ROUTE_NOT_FOUND')
  const answer = problemAnswer(problemOf(new MediaError('METHOD_NOT_ALLOWED', `Allowed: ${allow.join(', ')}.`), requestId))
  return { ...answer, headers: { ...answer.headers, allow: allow.join(', ') } }
}
