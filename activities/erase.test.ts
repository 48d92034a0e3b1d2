import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { MediaId } from '../domain/ids.ts'
import { certifyErase, type EraseDeps } from './erase.ts'

const mediaId = '01kq8z4v7g0j0' as MediaId
const input = { mediaId, tenant: 'acme', version: 2 }
const cachedPath = `/m/${mediaId}.2/3.1000000.0123456789abcdef/w1080.jpg`

/** An edge that refuses all but what it holds. */
async function edge(context: TestContext) {
  const held = new Set<string>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    assert.equal(request.headers['cache-control'] ?? '', '', 'a check is an ordinary read')
    response.writeHead(held.has(request.url ?? '') ? 200 : 410).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, held, asked }
}

test('erase: the receipt waits for what an edge held to be refused by every edge, and purges what still answers', async (context) => {
  const [near, far] = [await edge(context), await edge(context)]
  far.held.add(cachedPath)
  const purged: string[] = []
  const settled: string[] = []
  const deps = {
    catalog: {
      witnesses: async () => [{ version: 2, name: 'w1080.jpg', locator: { volume: 3, alt: 32 ** 6, cookie: '0123456789abcdef' } }],
      settle: async (_id: MediaId, { state }: { state: string }) => void settled.push(state),
    },
    purgers: [{ name: 'test', purge: async (tag: string) => void purged.push(tag) }],
    originUrls: [],
    publicUrl: near.url,
    edgeUrls: [near.url, far.url],
  } as unknown as EraseDeps
  const certify = async () => await new MockActivityEnvironment().run(certifyErase(deps), input)
  await assert.rejects(certify, { code: 'NOT_YET_REFUSED' })
  assert.deepEqual([purged, settled], [[`m-${mediaId}`], []])
  assert.ok(near.asked.includes(cachedPath))
  far.held.clear()
  await certify()
  assert.deepEqual([purged.length, settled], [1, ['erased']])
})
