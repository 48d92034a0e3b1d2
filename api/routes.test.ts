import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { errorTable, MediaError } from '../domain/errors.ts'
import { createIdGenerator } from '../domain/ids.ts'
import type { NewMedia } from '../domain/ports.ts'
import type { Asset } from './assets.ts'
import { hashKey } from './keys.ts'
import openapi from './openapi.json' with { type: 'json' }
import { type Problem, problemOf } from './problem.ts'
import { matchRoute, routes } from './routes.ts'
import { createMemoryObjects, createRecordingStarter, createMemoryCatalog, operatorKey, startTestApi, testKey } from './testing.ts'

test('api: the description holds every route of the table and no other', () => {
  const described = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .filter((name) => name !== 'parameters')
      .map((name) => `${name.toUpperCase()} ${path}`),
  )
  assert.deepEqual(described.toSorted(), routes.map((route) => `${route.method} ${route.path}`).toSorted())
  for (const route of routes) {
    const methods = openapi.paths[route.path as keyof typeof openapi.paths] as Record<string, { security?: unknown[] }>
    const security = methods[route.method.toLowerCase()]?.security
    const access = security === undefined ? 'tenant' : security.length === 0 ? 'public' : 'operator'
    assert.equal(access, route.access, `${route.path} and its access`)
  }
})

test('api: what changes something names its parameters, as the description does, and refuses others', async () => {
  const described = (route: (typeof routes)[number]) => {
    const methods = openapi.paths[route.path as keyof typeof openapi.paths] as Record<
      string,
      { parameters?: { name?: string; in?: string }[] }
    >
    return (methods[route.method.toLowerCase()]?.parameters ?? []).flatMap((one) => (one.in === 'query' ? [one.name] : []))
  }
  const changing = routes.filter(({ method }) => method !== 'GET')
  for (const route of changing) assert.deepEqual([...(route.query ?? ['none said'])], described(route), `${route.method} ${route.path}`)
  await using api = await startTestApi()
  for (const { method, path, access } of changing) {
    const headers = access === 'operator' ? { authorization: `Bearer ${operatorKey}` } : {}
    const response = await api.call(`${path.replace('{id}', '0epj4b8000100')}?surprise=1`, { method, headers })
    const { code, detail } = (await response.json()) as { code: string; detail: string }
    assert.deepEqual([response.status, code], [400, 'PARAMETER_UNKNOWN'])
    assert.match(detail, /"surprise"/)
  }
})

test('api: literal paths win over parameters, and parameters are decoded', () => {
  const found = (method: string, path: string) => {
    const match = matchRoute(routes, method, path)
    return match.found ? [match.route.path, match.params] : match.allow
  }
  assert.deepEqual(found('GET', '/console/config.json'), ['/console/config.json', {}])
  assert.deepEqual(found('GET', '/console/app-1.js'), ['/console/{file}', { file: 'app-1.js' }])
  assert.deepEqual(found('HEAD', '/problems/A%20B'), ['/problems/{code}', { code: 'A B' }])
  assert.deepEqual(found('PUT', '/v1/media/1'), ['GET', 'HEAD', 'DELETE'])
  assert.deepEqual(found('GET', '/v1/media/'), [])
})

test('api: an unknown path is 404, a wrong method 405 with Allow, HEAD is GET without its body', async () => {
  await using api = await startTestApi()
  assert.equal((await api.call('/v2/media')).status, 404)
  const wrong = await api.call('/v1/media', { method: 'PATCH', body: 'x' })
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD'])
  const get = await api.call('/v1/media')
  const head = await api.call('/v1/media', { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, get.headers.get('content-length'), ''])
})

test('api: every code has a page and a problem whose status is its own', async () => {
  await using api = await startTestApi()
  for (const [code, row] of Object.entries(errorTable)) {
    const problem = problemOf(new MediaError(code as keyof typeof errorTable), 'r')
    assert.deepEqual([problem.code, problem.status, problem.title, problem.advice], [code, row.status, row.title, row.advice])
    const page = await fetch(api.base + problem.type)
    assert.equal(page.status, 200)
    assert.ok((await page.text()).includes(row.title))
  }
  assert.equal((await fetch(`${api.base}/problems/NOPE`)).status, 404)
})

test('api: what is unknown is INTERNAL, with an id for the log and nothing else', () => {
  const problem = problemOf(new TypeError('connect /var/run/secret.sock'), 'r-1')
  assert.deepEqual([problem.code, problem.status, problem.requestId], ['INTERNAL', 500, 'r-1'])
  assert.ok(!JSON.stringify(problem).includes('secret'))
})

test('api: every refusal carries the id that the log has of it', async () => {
  const catalog = { ...createMemoryCatalog(), facts: async () => Promise.reject(new Error('lost')) }
  await catalog.addKey('acme', hashKey(testKey))
  catalog.quotas.set('acme', 1)
  await using api = await startTestApi({ catalog })
  const id = createIdGenerator(9, Date.now)()
  const media = { tenant: 'acme', kind: 'image', preset: 'standard', filter: null, sourceType: 'image/jpeg' } as const
  await catalog.accept({ ...media, id, sourceBytes: 10, sourceSha256: 'ab' } satisfies NewMedia)
  const refusals = [
    [401, await fetch(`${api.base}/v1/media`)],
    [404, await api.call('/v2')],
    [405, await api.call('/v1/media', { method: 'PUT' })],
    [400, await api.call('/v1/media?limit=0')],
    [400, await api.call('/v1/uploads?filtr=mono', { method: 'POST', body: 'x' })],
    [400, await api.call('/v1/uploads?filter=mno', { method: 'POST', body: 'x' })],
    [507, await api.call('/v1/uploads', { method: 'POST', body: 'xx' })],
    [500, await api.call(`/v1/media/${id}/facts`)],
  ] as const
  for (const [status, response] of refusals) {
    assert.equal(response.status, status)
    const { requestId } = (await response.json()) as Problem
    assert.equal(requestId, response.headers.get('x-request-id'))
    assert.ok(
      api.lines.some((line) => line.includes(requestId)),
      `${status} is in the log`,
    )
  }
})

test('api: alive always, ready only while everything answers, naming what does not', async () => {
  const starter = {
    ...createRecordingStarter(createMemoryCatalog()),
    ping: async () => Promise.reject(new Error('14 UNAVAILABLE 10.0.0.9:7233')),
  }
  const objects = { ...createMemoryObjects(), head: async () => Promise.reject(new MediaError('STORAGE_UNAVAILABLE')) }
  await using api = await startTestApi({ starter, objects })
  assert.equal((await fetch(`${api.base}/healthz`)).status, 200)
  const response = await fetch(`${api.base}/readyz`)
  assert.equal(response.status, 503)
  assert.deepEqual(await response.json(), {
    ready: false,
    failing: ['objects', 'temporal'],
    checks: { catalog: 'ok', objects: 'STORAGE_UNAVAILABLE', temporal: 'INTERNAL' },
  })
  await using good = await startTestApi()
  assert.equal((await fetch(`${good.base}/readyz`)).status, 200)
})

test('api: the console is served with its policy, kept by its hash and asked for again by its tag', async () => {
  const asset = (text: string, type: string, immutable: boolean): Asset => ({ body: Buffer.from(text), type, etag: `"${text}"`, immutable })
  const consoleAssets = new Map([
    ['index.html', asset('page', 'text/html; charset=utf-8', false)],
    ['app-1.js', asset('script', 'text/javascript', true)],
  ])
  await using api = await startTestApi({
    consoleAssets,
    consoleConfig: { temporalUi: 'http://127.0.0.1:8233', mediaOrigins: ['http://127.0.0.1:8081'] },
  })
  const page = await fetch(`${api.base}/`)
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'; script-src 'self';/)
  assert.match(policy, /img-src [^;]*http:\/\/127\.0\.0\.1:8081/)
  assert.doesNotMatch(policy, /unsafe|\*/)
  assert.equal(page.headers.get('cache-control'), 'no-cache')
  assert.match((await fetch(`${api.base}/console/app-1.js`)).headers.get('cache-control') ?? '', /immutable/)
  assert.equal((await fetch(`${api.base}/`, { headers: { 'if-none-match': '"page"' } })).status, 304)
  assert.equal((await fetch(`${api.base}/console/index.html`)).status, 404)
  assert.equal((await fetch(`${api.base}/console/..%2fapi.ts`)).status, 404)
  const config = (await (await fetch(`${api.base}/console/config.json`)).json()) as {
    temporalUi: string
    filters: string[]
    titles: Record<string, string>
    errors: Record<string, { advice: string }>
  }
  assert.ok(config.errors['MEDIA_CORRUPT']?.advice)
  assert.deepEqual([config.temporalUi, config.filters], ['http://127.0.0.1:8233', ['mono', 'sepia']])
  assert.deepEqual(config.titles, { mono: 'Mono', sepia: 'Sepia II' })
})

test('api: no log line holds a key, an Authorization header or a query', async () => {
  await using api = await startTestApi()
  await api.call(`/v1/media?limit=1&key=${testKey}`)
  await api.call('/v1/media', { headers: { authorization: 'Bearer another-secret-key' } })
  assert.equal(api.lines.filter((line) => line.includes('"event":"request"')).length, 2)
  assert.doesNotMatch(api.lines.join('\n'), /dk_|another-secret|[Bb]earer|key=/)
  const [first] = api.lines
  const { path, status, tenant } = JSON.parse(first ?? '{}') as Record<string, unknown>
  assert.deepEqual([path, status, tenant], ['/v1/media', 200, 'acme'])
})

test('api: what is not HTTP is answered as a problem and cut off', async () => {
  await using api = await startTestApi()
  const socket = connect(api.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString()
  })
  socket.write('this is not http\r\n\r\n')
  await once(socket, 'close')
  assert.match(text, /^HTTP\/1\.1 400 .*"code":"REQUEST_INVALID"/s)
  const id = /^X-Request-ID: (\S+)\r$/m.exec(text)?.[1] ?? 'none'
  assert.ok(text.includes(`"requestId":"${id}"`))
  assert.ok(api.lines.some((line) => line.includes(id)))
})
