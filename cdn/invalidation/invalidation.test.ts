import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { codeOf } from '../../domain/errors.ts'
import { verifyRefused } from '../verify.ts'
import { createPurgers } from './index.ts'
import { createVarnishPurger } from './varnish.ts'

async function serve(context: TestContext, answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('varnish purger: every edge is purged twice, the second time after the first answer', async (context) => {
  const seen: string[] = []
  const edge = (name: string) =>
    serve(context, ({ method, headers }, response) => {
      seen.push(`${name} ${method} ${String(headers['xkey-purge'])}`)
      response.end('{"purged":1}')
    })
  const purger = createVarnishPurger({ edges: [await edge('a'), await edge('b')], settleMs: 1 })
  await purger.purge('m-0123456789abc')
  assert.deepEqual(
    seen.toSorted(),
    ['a', 'a', 'b', 'b'].map((name) => `${name} PURGE m-0123456789abc`),
  )
})

test('varnish purger: a refusal and a silence are EDGE_UNAVAILABLE, and the other edges are still purged', async (context) => {
  let purged = 0
  const good = await serve(context, (_, response) => {
    purged += 1
    response.end()
  })
  const refusing = await serve(context, (_, response) => response.writeHead(403).end())
  const silent = await serve(context, () => {})
  for (const bad of [refusing, silent]) {
    const purger = createVarnishPurger({ edges: [bad, good], settleMs: 1, answerMsMax: 100 })
    await assert.rejects(purger.purge('m-0123456789abc'), (error) => codeOf(error) === 'EDGE_UNAVAILABLE')
  }
  assert.equal(purged, 4)
})

test('varnish purger: what is no tag is a mistake of ours and is not sent', async () => {
  const purger = createVarnishPurger({ edges: [] })
  for (const wrong of ['', 'a b', 'A', 'm-1\r\nx: y']) await assert.rejects(purger.purge(wrong), /not a tag/)
})

test('purgers: those that are configured are made, and one that does nothing where none is', async () => {
  assert.deepEqual(
    createPurgers({ varnish: { edges: ['http://127.0.0.1:1'] } }).map(({ name }) => name),
    ['varnish'],
  )
  const [none, ...others] = createPurgers({})
  assert.equal(none?.name, 'none')
  assert.equal(others.length, 0)
  await none?.purge('m-0123456789abc')
})

test('verify: 410 alone is a refusal', async (context) => {
  let status = 410
  const base = await serve(context, (_, response) => response.writeHead(status).end())
  const urls = Array.from({ length: 20 }, (_, index) => `${base}/${index}`)
  await verifyRefused(urls)
  await verifyRefused([])
  for (status of [200, 206, 301, 404, 500, 503]) {
    await assert.rejects(verifyRefused(urls), (error) => codeOf(error) === 'NOT_YET_REFUSED', String(status))
  }
})

test('verify: no answer is EDGE_UNAVAILABLE, and an abort is an abort', async (context) => {
  const base = await serve(context, () => {})
  await assert.rejects(verifyRefused([base], undefined, { answerMsMax: 50 }), (error) => codeOf(error) === 'EDGE_UNAVAILABLE')
  const reason = new Error('cancelled')
  const controller = new AbortController()
  const verifying = verifyRefused([base], controller.signal)
  controller.abort(reason)
  await assert.rejects(verifying, (error) => error === reason)
})
