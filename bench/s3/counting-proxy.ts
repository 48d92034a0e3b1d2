import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CountingProxy {
  readonly endpoint: string
  /** Requests since the last asking, by what they are in S3: PUT and POST write, LIST and GET read. */
  take(): Record<'PUT' | 'POST' | 'GET' | 'LIST' | 'HEAD' | 'DELETE', number>
  close(): Promise<void>
}

/** Passes everything on to an S3 server and counts it: what the server is asked, not what a client means to ask. */
export async function startCountingProxy(target: string): Promise<CountingProxy> {
  const none = { PUT: 0, POST: 0, GET: 0, LIST: 0, HEAD: 0, DELETE: 0 }
  let counts = { ...none }
  const server = createServer((incoming, response) => {
    const { method = '', url = '' } = incoming
    const kind = method === 'GET' && url.includes('list-type=2') ? 'LIST' : method
    if (kind in counts) counts[kind as keyof typeof counts] += 1
    const upstream = request(target, { method, path: url, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    upstream.on('error', () => response.destroy())
    incoming.pipe(upstream)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    take() {
      const taken = counts
      counts = { ...none }
      return taken
    },
    async close() {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
