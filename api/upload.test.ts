import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import { originalKey } from '../domain/media.ts'
import type { Item } from './item.ts'
import type { Problem } from './problem.ts'
import { createMemoryCatalog, createMemoryObjects, createRecordingStarter, startTestApi, type TestApi, testKey } from './testing.ts'
import { hashKey } from './keys.ts'

const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(10_000, 7)])
const mp4 = Buffer.concat([
  Buffer.from([0, 0, 0, 0x18]),
  Buffer.from('ftypisom'),
  Buffer.from([0, 0, 2, 0]),
  Buffer.from('isommp41'),
  Buffer.alloc(300_000, 3),
])

async function problemOf(response: Response): Promise<Problem> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  const problem = (await response.json()) as Problem
  assert.equal(problem.status, response.status)
  return problem
}

/** A request by hand: `send` writes bytes, `answer` is everything the server said until it closed. */
function raw(api: TestApi): {
  send(text: string | Uint8Array): void
  readonly answer: Promise<string>
  end(): void
  readonly seen: () => string
} {
  const socket = connect(api.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  return {
    send: (bytes) => void socket.write(bytes),
    // Not events.once: it would reject for a write into a connection that the server has ended.
    answer: new Promise((resolve) => socket.once('close', () => resolve(text))),
    end: () => socket.destroy(),
    seen: () => text,
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500; turn++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  assert.fail(`never happened: ${what}`)
}

test('api: an upload is stored, committed, begun and answered 202 with its place', async () => {
  await using api = await startTestApi()
  const response = await api.call('/v1/uploads?preset=thumbnail&filter=mono&strength=40&fade=10&crop=pct:0,0,50,100&rotate=90', {
    method: 'POST',
    body: jpeg,
    headers: { 'content-type': 'image/jpeg' },
  })
  assert.equal(response.status, 202)
  const item = (await response.json()) as Item
  assert.equal(response.headers.get('location'), `/v1/media/${item.id}`)
  assert.deepEqual(
    [item.kind, item.state, item.stage, item.blurhash, item.width, item.renditions],
    ['image', 'processing', 'received', null, null, []],
  )
  assert.equal(item.workflowId, `ingest:acme:${item.id}`)
  const row = api.catalog.rows.get(item.id)
  assert.deepEqual(
    [row?.preset, row?.filter, row?.edits, row?.sourceType, row?.sourceBytes],
    [
      'thumbnail',
      'mono',
      { strength: 40, fade: 10, framing: { crop: { unit: 'percent', x: 0, y: 0, width: 50, height: 100 }, rotate: 90 } },
      'image/jpeg',
      jpeg.length,
    ],
  )
  assert.equal(row?.sourceSha256, createHash('sha256').update(jpeg).digest('hex'))
  assert.deepEqual(Buffer.from(api.objects.stored.get(originalKey(item.id)) ?? []), jpeg)
  assert.deepEqual(
    api.starter.started.map((started) => started.id),
    [item.id],
  )
  assert.deepEqual(await (await api.call(`/v1/media/${item.id}`)).json(), { ...item })
})

test('api: a video without a declared type is told by its bytes', async () => {
  await using api = await startTestApi()
  const response = await api.call('/v1/uploads', { method: 'POST', body: new Blob([mp4]) })
  assert.equal(response.status, 202)
  const item = (await response.json()) as Item
  assert.equal(item.kind, 'video')
  assert.equal(api.catalog.rows.get(item.id)?.preset, 'standard')
})

for (const [what, path, body, type, code] of [
  ['a preset that is not there', '/v1/uploads?preset=nope', jpeg, 'image/jpeg', 'PRESET_UNKNOWN'],
  ['a filter that is not there', '/v1/uploads?filter=nope', jpeg, 'image/jpeg', 'FILTER_UNKNOWN'],
  ['an edit out of its range', '/v1/uploads?brightness=101', jpeg, 'image/jpeg', 'EDIT_INVALID'],
  ['a strength of no filter', '/v1/uploads?strength=50', jpeg, 'image/jpeg', 'EDIT_INVALID'],
  ['a parameter that is misspelt', '/v1/uploads?brightnes=1', jpeg, 'image/jpeg', 'PARAMETER_UNKNOWN'],
  ['a parameter given twice', '/v1/uploads?fade=1&fade=2', jpeg, 'image/jpeg', 'REQUEST_INVALID'],
  ['no bytes', '/v1/uploads', Buffer.alloc(0), 'image/jpeg', 'UPLOAD_EMPTY'],
  [
    'a type that is not taken',
    '/v1/uploads',
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
    'image/jpeg',
    'MEDIA_TYPE_UNSUPPORTED',
  ],
  ['another type than declared', '/v1/uploads', jpeg, 'video/mp4', 'MEDIA_TYPE_MISMATCH'],
] as const) {
  test(`api: ${what} is ${code} and nothing is stored`, async () => {
    await using api = await startTestApi()
    const problem = await problemOf(await api.call(path, { method: 'POST', body, headers: { 'content-type': type } }))
    assert.equal(problem.code, code)
    assert.equal(problem.type, `/problems/${code}`)
    assert.ok(problem.advice.length > 0)
    assert.equal(api.objects.stored.size + api.catalog.rows.size, 0)
  })
}

test('api: a body with a Content-Encoding is refused', async () => {
  await using api = await startTestApi()
  const response = await api.call('/v1/uploads', { method: 'POST', body: jpeg, headers: { 'content-encoding': 'gzip' } })
  assert.equal((await problemOf(response)).code, 'MEDIA_TYPE_UNSUPPORTED')
})

test('api: without a key, with a wrong one or with one in the URL nothing is taken', async () => {
  await using api = await startTestApi()
  for (const authorization of ['', 'Bearer wrong-key-wrong-key', 'Basic abc', `bearer${testKey}`]) {
    const response = await api.call(`/v1/uploads?key=${testKey}`, { method: 'POST', body: jpeg, headers: { authorization } })
    assert.equal((await problemOf(response)).code, 'UNAUTHENTICATED')
    assert.match(response.headers.get('www-authenticate') ?? '', /^Bearer/)
  }
  assert.equal(api.objects.stored.size, 0)
})

test('api: a declared length over the limit is answered before any of the body is sent', async () => {
  await using api = await startTestApi({ limits: { uploadBytesMax: 1000 } })
  const client = raw(api)
  client.send(`POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Length: 1001\r\n\r\n`)
  await until('the answer', () => client.seen().includes('UPLOAD_TOO_LARGE'))
  assert.match(client.seen(), /^HTTP\/1\.1 413 /)
  assert.match(client.seen(), /connection: close/i)
  await client.answer
})

test('api: a client that sends on regardless still sees the 413, not a reset', async () => {
  await using api = await startTestApi({ limits: { uploadBytesMax: 1000, lingerMsMax: 5_000 } })
  // Larger than what the sockets buffer, so that the answer can only be read if the body is drained.
  const body = Buffer.alloc(24 * 1024 * 1024, 1)
  const request = httpRequest(`${api.base}/v1/uploads`, {
    method: 'POST',
    headers: { authorization: `Bearer ${testKey}`, 'content-length': body.length },
  })
  request.end(body)
  const [response] = await once(request, 'response')
  assert.equal(response.statusCode, 413)
  response.resume()
  await once(response, 'end')
})

test('api: images have a limit of their own, told from the declared length before anything is stored', async () => {
  await using api = await startTestApi({ limits: { uploadImageBytesMax: 5_000 } })
  let puts = 0
  const put = api.objects.put
  Object.assign(api.objects, { put: (...args: Parameters<typeof put>) => (puts++, put(...args)) })
  assert.equal((await problemOf(await api.call('/v1/uploads', { method: 'POST', body: jpeg }))).code, 'UPLOAD_TOO_LARGE')
  assert.equal(puts, 0)
  assert.equal((await api.call('/v1/uploads', { method: 'POST', body: mp4 })).status, 202)
})

test('api: a chunked body is cut at the limit and leaves nothing', async () => {
  await using api = await startTestApi({ limits: { uploadBytesMax: 100_000 } })
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < mp4.length; at += 10_000) controller.enqueue(mp4.subarray(at, at + 10_000))
      controller.close()
    },
  })
  const response = await api.call('/v1/uploads', { method: 'POST', body, duplex: 'half' } as RequestInit)
  assert.equal((await problemOf(response)).code, 'UPLOAD_TOO_LARGE')
  assert.equal(api.objects.stored.size + api.objects.open() + api.catalog.rows.size, 0)
})

test('api: 100 Continue is sent only when the body is wanted', async () => {
  await using api = await startTestApi({ limits: { uploadBytesMax: 20_000 } })
  const head = (length: number) =>
    `POST /v1/uploads HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${testKey}\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`
  const wanted = raw(api)
  wanted.send(head(jpeg.length))
  await until('100 Continue', () => wanted.seen().startsWith('HTTP/1.1 100 '))
  wanted.send(jpeg)
  assert.match(await wanted.answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /)

  const refused = raw(api)
  refused.send(head(20_001))
  await until('the refusal', () => refused.seen().includes('UPLOAD_TOO_LARGE'))
  assert.match(refused.seen(), /^HTTP\/1\.1 413 /)
  refused.end()
})

test('api: a client that falls silent is told so and leaves nothing', async () => {
  await using api = await startTestApi({ limits: { uploadIdleMsMax: 60, lingerMsMax: 50 } })
  const client = raw(api)
  client.send(`POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Length: 100000\r\n\r\n`)
  client.send(jpeg)
  const answer = await client.answer
  assert.match(answer, /^HTTP\/1\.1 408 /)
  assert.match(answer, /UPLOAD_STALLED/)
  assert.equal(api.objects.stored.size + api.objects.open() + api.catalog.rows.size, 0)
})

test('api: a trickle below the least pace is cut off though it never falls silent', async () => {
  await using api = await startTestApi({ limits: { uploadIdleMsMax: 80, uploadBytesPerSecondMin: 1_000_000, lingerMsMax: 500 } })
  const client = raw(api)
  client.send(`POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Length: 1000000\r\n\r\n`)
  client.send(jpeg)
  const trickle = setInterval(() => client.send(Buffer.from([1])), 5)
  const answer = await client.answer
  clearInterval(trickle)
  assert.match(answer, /^HTTP\/1\.1 408 /)
  assert.match(answer, /too slowly/)
})

test('api: a filter or preset that is mistyped is told the one that was meant, and all that there are', async () => {
  await using api = await startTestApi()
  for (const [query, detail] of [
    ['filter=Spia', 'There is no filter "Spia"; the nearest is sepia. There are: mono, sepia.'],
    ['preset=standrad', 'There is no preset "standrad"; the nearest is standard. There are: standard, thumbnail.'],
  ]) {
    const problem = await problemOf(await api.call(`/v1/uploads?${query}`, { method: 'POST', body: jpeg }))
    assert.equal(problem.detail, detail)
    assert.match(problem.advice, /config\.json/)
  }
})

test('api: a client that goes away in the middle leaves nothing', async () => {
  await using api = await startTestApi()
  const client = raw(api)
  client.send(`POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Length: 100000\r\n\r\n`)
  client.send(jpeg)
  await until('the store to be reading', () => api.objects.open() === 1)
  client.end()
  await until('the store to have given up', () => api.objects.open() === 0)
  assert.equal(api.objects.stored.size + api.catalog.rows.size, 0)
  await until('the log line', () => api.lines.some((line) => line.includes('UPLOAD_INCOMPLETE')))
})

test('api: the original is deleted when the commit fails, and the client is not told why', async () => {
  const catalog = {
    ...createMemoryCatalog(),
    accept: async () => Promise.reject(new MediaError('CATALOG_UNAVAILABLE', 'connect ECONNREFUSED 10.0.0.7:5432')),
  }
  await catalog.addKey('acme', hashKey(testKey))
  await using api = await startTestApi({ catalog })
  const response = await api.call('/v1/uploads', { method: 'POST', body: jpeg })
  const problem = await problemOf(response)
  assert.equal(problem.code, 'CATALOG_UNAVAILABLE')
  assert.ok(!JSON.stringify(problem).includes('10.0.0.7'))
  assert.equal(problem.requestId, response.headers.get('x-request-id'))
  assert.ok(api.lines.some((line) => line.includes('10.0.0.7') && line.includes(problem.requestId ?? '-')))
  assert.equal(api.objects.stored.size, 0)
})

test('api: a commit whose answer was lost is an upload all the same', async () => {
  const inner = createMemoryCatalog()
  await inner.addKey('acme', hashKey(testKey))
  const catalog = {
    ...inner,
    accept: async (media: Parameters<typeof inner.accept>[0]) => {
      await inner.accept(media)
      throw new MediaError('CATALOG_UNAVAILABLE')
    },
  }
  await using api = await startTestApi({ catalog })
  assert.equal((await api.call('/v1/uploads', { method: 'POST', body: jpeg })).status, 202)
  assert.equal(api.objects.stored.size, 1)
})

test('api: where nobody can tell whether an upload was committed, its original stays', async () => {
  const inner = createMemoryCatalog()
  await inner.addKey('acme', hashKey(testKey))
  let isAway = false
  const catalog = {
    ...inner,
    accept: async (media: Parameters<typeof inner.accept>[0]) => {
      await inner.accept(media)
      isAway = true
      throw new MediaError('CATALOG_UNAVAILABLE')
    },
    get: async (id: MediaId) => (isAway ? Promise.reject(new MediaError('CATALOG_UNAVAILABLE')) : inner.get(id)),
  }
  await using api = await startTestApi({ catalog })
  assert.equal((await problemOf(await api.call('/v1/uploads', { method: 'POST', body: jpeg }))).code, 'CATALOG_UNAVAILABLE')
  assert.deepEqual([...api.objects.stored.keys()], [...inner.rows.keys()].map(originalKey))
})

test('api: a store that is full answers 507 while the client is still sending', async () => {
  const objects = { ...createMemoryObjects(), put: async () => Promise.reject(new MediaError('STORAGE_FULL')) }
  await using api = await startTestApi({ objects })
  const client = raw(api)
  client.send(`POST /v1/uploads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${testKey}\r\nContent-Length: 100000\r\n\r\n`)
  client.send(jpeg)
  await until('the answer', () => client.seen().includes('STORAGE_FULL'))
  assert.match(client.seen(), /^HTTP\/1\.1 507 /)
  await client.answer
})

test('api: an upload is accepted though Temporal is away; the failure is logged', async () => {
  const starter = { ...createRecordingStarter(createMemoryCatalog()), start: async () => Promise.reject(new Error('14 UNAVAILABLE')) }
  await using api = await startTestApi({ starter })
  assert.equal((await api.call('/v1/uploads', { method: 'POST', body: jpeg })).status, 202)
  await until('the log line', () => api.lines.some((line) => line.includes('start-failed')))
})

test('api: an original that is there is never overwritten: two processes with one shard are told', async () => {
  await using api = await startTestApi({ newId: () => '0epj4b8000100' as MediaId })
  await api.objects.put(originalKey('0epj4b8000100' as MediaId), new Uint8Array(1))
  const response = await api.call('/v1/uploads', { method: 'POST', body: jpeg })
  assert.equal(response.status, 503)
  assert.equal(((await response.json()) as { code: string }).code, 'SHARD_TAKEN')
  assert.equal(api.objects.stored.get(originalKey('0epj4b8000100' as MediaId))?.length, 1)
  assert.equal(api.catalog.rows.size, 0)
})

test('api: more bodies at once than a process can hold are refused for a while, and the place of one that ends is free', async () => {
  await using api = await startTestApi({ limits: { uploadsAtOnceMax: 2 } })
  const slow = [0, 1].map(() => {
    const request = httpRequest(`${api.base}/v1/uploads`, {
      method: 'POST',
      headers: { authorization: `Bearer ${testKey}`, 'content-length': jpeg.length },
    })
    request.write(jpeg.subarray(0, 5_000))
    return request
  })
  while (api.objects.open() < 2) await new Promise((resolve) => setTimeout(resolve, 1))
  const refused = await api.call('/v1/uploads', { method: 'POST', body: jpeg })
  assert.equal(refused.headers.get('retry-after'), '2')
  assert.equal((await problemOf(refused)).code, 'UPLOADS_TOO_MANY')
  assert.equal((await api.call('/v1/media')).status, 200)
  for (const request of slow) {
    const answered = once(request, 'response')
    request.end(jpeg.subarray(5_000))
    const [answer] = (await answered) as [IncomingMessage]
    assert.equal(answer.statusCode, 202)
    answer.resume()
  }
  assert.equal((await api.call('/v1/uploads', { method: 'POST', body: jpeg })).status, 202)
})

test('upload: what has no room in the quota is refused before a byte is taken, and room is given back', async () => {
  const api = await startTestApi()
  try {
    api.catalog.quotas.set('acme', jpeg.byteLength)
    const client = raw(api)
    client.send(
      `POST /v1/uploads HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${testKey}\r\nContent-Length: ${jpeg.byteLength + 1}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
    )
    const answer = await client.answer
    assert.match(answer, /^HTTP\/1\.1 507 /)
    assert.match(answer, /QUOTA_EXCEEDED/)
    const post = (body: Uint8Array<ArrayBuffer> | ReadableStream) =>
      fetch(`http://127.0.0.1:${api.port}/v1/uploads`, {
        method: 'POST',
        headers: { authorization: `Bearer ${testKey}` },
        body,
        ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
      })
    assert.equal((await post(new Uint8Array(jpeg))).status, 202)
    assert.equal((await post(new Uint8Array(jpeg.byteLength).fill(9))).status, 415)
    assert.equal(api.catalog.reserved.size, 0)
    // Of a length that is not told, as much room is asked for as one of its kind may take.
    const problem = await problemOf(await post(new Blob([jpeg]).stream()))
    assert.deepEqual([problem.code, problem.status], ['QUOTA_EXCEEDED', 507])
    assert.equal(api.catalog.reserved.size, 0)
  } finally {
    await api.close()
  }
})
