import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { MediaError } from '../domain/errors.ts'
import { keyOf, type MediaId, mediaIdOf } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import { mediaTypes } from '../domain/media.ts'
import type { BlobRead } from '../domain/ports.ts'
import { createOrigin, type OriginOptions } from './origin.ts'
import { type FileParts, formatFilePath } from './url.ts'

const id = mediaIdOf(42n << 23n)
const file: FileParts = { id, version: 1, locator: { volume: 7, alt: 0x100_0001, cookie: '00112233445566ff' }, name: 'w1080.jpg' }
const data = new TextEncoder().encode('0123456789')
const path = formatFilePath(file)

interface Given extends Partial<Omit<OriginOptions, 'blobs'>> {
  readonly read?: (key: bigint, cookie: string) => Promise<BlobRead>
}

async function open(context: TestContext, { read, ...rest }: Given = {}) {
  const erased = new Set<MediaId>()
  const state = { loaded: true, ready: true, reads: 0 }
  const origin = createOrigin({
    blobs: {
      async read(key, { cookie }) {
        state.reads += 1
        if (read !== undefined) return await read(key, cookie)
        if (key !== keyOf(id) || cookie !== file.locator.cookie) throw new MediaError('BLOB_NOT_FOUND')
        return { data, crc: crc32(data) }
      },
    },
    erasures: { has: (asked) => erased.has(asked), loaded: () => state.loaded, ready: () => state.ready },
    limits,
    ...rest,
  })
  const base = await origin.listen(0)
  context.after(() => origin.close())
  return { origin, base, erased, state }
}

/** What a problem answer says, with the headers that every refusal has. */
async function refusal(response: Response) {
  assert.equal(response.headers.get('content-type'), 'application/problem+json')
  assert.equal(response.headers.get('cache-control'), 'no-store')
  assert.equal(response.headers.get('access-control-allow-origin'), '*')
  const { status, code } = (await response.json()) as { status: number; code: string }
  assert.equal(status, response.status)
  return { status, code }
}

test('origin: a version that was taken away is gone, and no cache keeps that', async (context) => {
  const { base } = await open(context, {
    read: async () => {
      throw new MediaError('VERSION_REPLACED')
    },
  })
  assert.deepEqual(await refusal(await fetch(base + path)), { status: 410, code: 'VERSION_REPLACED' })
})

test('origin: a file is answered with all that caches and players need', async (context) => {
  const { base } = await open(context)
  const response = await fetch(base + path)
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '0123456789')
  const expected = {
    'content-type': 'image/jpeg',
    'content-length': '10',
    'accept-ranges': 'bytes',
    etag: `"${crc32(data).toString(16).padStart(8, '0')}-a"`,
    'cache-control': 'public, max-age=31536000, immutable',
    'cdn-cache-control': 'public, max-age=31536000, immutable',
    xkey: `m-${id} m-${id}-v1`,
    'surrogate-key': `m-${id} m-${id}-v1`,
    'cache-tag': `m-${id},m-${id}-v1`,
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'cross-origin',
    'timing-allow-origin': '*',
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(response.headers.get(name), value, name)
})

test('origin: the name decides the type, for every type there is', async (context) => {
  const { base } = await open(context)
  for (const [extension, type] of Object.entries(mediaTypes)) {
    const response = await fetch(base + formatFilePath({ ...file, name: `a.${extension}` }))
    assert.equal(response.headers.get('content-type'), type)
    await response.bytes()
  }
})

test('origin: HEAD, ranges, validators and a query are answered', async (context) => {
  const { base } = await open(context)
  const head = await fetch(base + path, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '10', ''])
  const part = await fetch(`${base}${path}?q=1`, { headers: { Range: 'bytes=-3' } })
  assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 7-9/10', '789'])
  const beyond = await fetch(base + path, { headers: { Range: 'bytes=10-' } })
  assert.equal(beyond.headers.get('content-range'), 'bytes */10')
  assert.deepEqual(await refusal(beyond), { status: 416, code: 'RANGE_NOT_SATISFIABLE' })
  const etag = head.headers.get('etag') ?? ''
  const same = await fetch(base + path, { headers: { 'If-None-Match': etag } })
  assert.deepEqual([same.status, same.headers.get('etag'), await same.text()], [304, etag, ''])
  const preflight = await fetch(base + path, { method: 'OPTIONS' })
  assert.equal(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Range/)
})

test('origin: refusals have a code, are kept by nobody, and tell nothing of the inside', async (context) => {
  const { base, state } = await open(context, {
    read: async () => Promise.reject(new MediaError('BLOB_CORRUPT', 'volume 7 at /srv/volumes')),
  })
  const corrupt = await fetch(base + path)
  assert.ok(!(await corrupt.clone().text()).includes('/srv'))
  assert.deepEqual(await refusal(corrupt), { status: 500, code: 'BLOB_CORRUPT' })
  const reads = state.reads
  for (const wrong of [
    '/',
    '/m/',
    `${path}x`,
    path.replace('.jpg', '.html'),
    path.replace('/m/', '/M/'),
    '/%00',
    '//evil',
    '/../etc/passwd',
  ]) {
    assert.deepEqual(await refusal(await fetch(base + wrong)), { status: 404, code: 'ROUTE_NOT_FOUND' }, wrong)
  }
  assert.equal(state.reads, reads)
  const post = await fetch(base + path, { method: 'POST', body: 'x' })
  assert.equal(post.headers.get('allow'), 'GET, HEAD, OPTIONS')
  assert.deepEqual(await refusal(post), { status: 405, code: 'METHOD_NOT_ALLOWED' })
})

test('origin: a wrong cookie and a wrong version are not found', async (context) => {
  const { base } = await open(context)
  const cookie = formatFilePath({ ...file, locator: { ...file.locator, cookie: '00112233445566fe' } })
  assert.deepEqual(await refusal(await fetch(base + cookie)), { status: 404, code: 'BLOB_NOT_FOUND' })
  const version = formatFilePath({ ...file, version: 2 })
  assert.deepEqual(await refusal(await fetch(base + version)), { status: 404, code: 'BLOB_NOT_FOUND' })
})

test("origin: an error that is nobody's is a 500 and is logged", async (context) => {
  const logged: string[] = []
  const logger = { info() {}, warn() {}, error: (event: string) => void logged.push(event) }
  const { base } = await open(context, { logger, read: async () => Promise.reject(new TypeError('bug')) })
  assert.deepEqual(await refusal(await fetch(base + path)), { status: 500, code: 'INTERNAL' })
  assert.deepEqual(logged, ['origin.failed'])
})

test('origin: an erased item is 410 whatever the address says, and nothing is read for it', async (context) => {
  const { base, erased, state } = await open(context)
  erased.add(id)
  for (const each of [path, formatFilePath({ ...file, version: 9 }), `/m/${id}.1/1.1.0000000000000000/witness.jpg`]) {
    assert.deepEqual(await refusal(await fetch(base + each)), { status: 410, code: 'MEDIA_ERASED' })
  }
  assert.equal(state.reads, 0)
})

test('origin: an item erased while it is read is 410, also from memory', async (context) => {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { base, erased } = await open(context, {
    hotBytesMax: 1_000_000,
    read: async () => {
      begun.resolve()
      await gate.promise
      return { data, crc: 1 }
    },
  })
  const reading = fetch(base + path)
  await begun.promise
  erased.add(id)
  gate.resolve()
  assert.deepEqual(await refusal(await reading), { status: 410, code: 'MEDIA_ERASED' })
  assert.equal((await fetch(base + path)).status, 410)
})

test('origin: while its knowledge of erasures is stale, every file is read anew: a volume knows its tombstones', async (context) => {
  const { base, state } = await open(context, { hotBytesMax: 1_000_000 })
  for (const reads of [1, 1]) {
    assert.equal((await fetch(base + path)).status, 200)
    assert.equal(state.reads, reads)
  }
  state.ready = false
  assert.equal((await fetch(base + path)).status, 200)
  assert.equal(state.reads, 2)
})

test('origin: before the feed of erasures was read, files are 503 and nothing is read', async (context) => {
  const { base, state } = await open(context)
  state.loaded = false
  const response = await fetch(base + path)
  assert.equal(response.headers.get('retry-after'), '1')
  assert.deepEqual(await refusal(response), { status: 503, code: 'CATALOG_UNAVAILABLE' })
  assert.equal(state.reads, 0)
})

test('origin: stale knowledge of erasures ends readiness, and files are still answered', async (context) => {
  const { base, state } = await open(context)
  assert.equal((await fetch(`${base}/readyz`)).status, 200)
  state.ready = false
  assert.equal((await fetch(`${base}/readyz`)).status, 503)
  assert.equal((await fetch(`${base}/healthz`)).status, 200)
  assert.equal((await fetch(base + path)).status, 200)
})

test('origin: more at once than the limit is 503 for those beyond it, and probes are answered', async (context) => {
  const gate = Promise.withResolvers<void>()
  let begun = 0
  const both = Promise.withResolvers<void>()
  const { base } = await open(context, {
    limits: { ...limits, originConcurrencyMax: 2 },
    read: async () => {
      begun += 1
      if (begun === 2) both.resolve()
      await gate.promise
      return { data, crc: 1 }
    },
  })
  const running = [fetch(base + path), fetch(base + path)]
  await both.promise
  const beyond = await fetch(base + path)
  assert.equal(beyond.headers.get('retry-after'), '1')
  assert.deepEqual(await refusal(beyond), { status: 503, code: 'STORAGE_UNAVAILABLE' })
  assert.equal((await fetch(`${base}/healthz`)).status, 200)
  gate.resolve()
  for (const response of await Promise.all(running)) assert.equal(response.status, 200)
  assert.equal((await fetch(base + path)).status, 200)
})

test('origin: closing lets running answers end and takes no new connection', async (context) => {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const { origin, base } = await open(context, {
    read: async () => {
      begun.resolve()
      await gate.promise
      return { data, crc: 1 }
    },
  })
  const reading = fetch(base + path)
  await begun.promise
  const closed = origin.close()
  assert.equal(origin.close(), closed)
  await assert.rejects(fetch(`${base}/healthz`))
  gate.resolve()
  const response = await reading
  assert.equal(response.headers.get('connection'), 'close')
  assert.equal(await response.text(), '0123456789')
  await closed
})

test('origin: closing cuts what does not end in time', async (context) => {
  const begun = Promise.withResolvers<void>()
  const { origin, base } = await open(context, {
    limits: { ...limits, closeMsMax: 20 },
    read: () => {
      begun.resolve()
      return new Promise(() => {})
    },
  })
  const reading = fetch(base + path)
  reading.catch(() => {})
  await begun.promise
  await origin.close()
  await assert.rejects(reading)
})

test('origin: what was lent is given back when it was sent, when nothing of it is sent, and when the reader goes away', async (context) => {
  let out = 0
  const asked: (boolean | undefined)[] = []
  const large = new Uint8Array(8 * 1024 ** 2)
  const origin = createOrigin({
    blobs: {
      async read(_key, _locator, options) {
        asked.push(options?.lend)
        out += 1
        return { data: large, crc: 1, release: () => void (out -= 1) }
      },
    },
    erasures: { has: () => false, loaded: () => true },
    limits,
  })
  const base = await origin.listen(0)
  context.after(() => origin.close())
  assert.equal((await (await fetch(base + path)).arrayBuffer()).byteLength, large.byteLength)
  await fetch(base + path, { method: 'HEAD' })
  await (await fetch(base + path, { headers: { Range: 'bytes=0-4' } })).arrayBuffer()
  await (await fetch(base + path, { headers: { Range: `bytes=${large.byteLength}-` } })).arrayBuffer()
  const leaving = await fetch(base + path)
  await leaving.body?.cancel()
  while (out > 0) await new Promise(setImmediate)
  assert.deepEqual(asked, [true, true, true, true, true])
})

test('origin: whoever counts is told the bytes of each body, and of a HEAD and of what is not modified none', async (context) => {
  const seen: [status: number, bytes: number][] = []
  const told = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const { base } = await open(context, {
    onAnswer: ({ status, bytes }) => {
      told[seen.length]?.resolve()
      seen.push([status, bytes])
    },
  })
  const etag = (await fetch(base + path)).headers.get('etag') ?? ''
  await told[0]?.promise
  await fetch(base + path, { method: 'HEAD' })
  await told[1]?.promise
  await fetch(base + path, { headers: { 'if-none-match': etag } })
  await told[2]?.promise
  await (await fetch(base + path, { headers: { range: 'bytes=2-4' } })).text()
  await told[3]?.promise
  assert.deepEqual(seen, [
    [200, 10],
    [200, 0],
    [304, 0],
    [206, 3],
  ])
})

test('origin: a reader that goes away frees its place, and every answer is told once', async (context) => {
  const gate = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  const seen: number[] = []
  const { base } = await open(context, {
    limits: { ...limits, originConcurrencyMax: 1 },
    onAnswer: ({ status }) => {
      seen.push(status)
      gone.resolve()
    },
    read: async () => {
      begun.resolve()
      await gate.promise
      return { data, crc: 1 }
    },
  })
  const asked = request(base + path, { agent: false })
  asked.on('error', () => {})
  asked.end()
  await begun.promise
  asked.destroy()
  await gone.promise
  gate.resolve()
  assert.equal((await fetch(base + path)).status, 200)
  assert.equal(seen.length >= 1, true)
})

test('origin: many readers of one new file are one read', async (context) => {
  const { base, state } = await open(context, { hotBytesMax: 1_000_000 })
  const responses = await Promise.all(Array.from({ length: 20 }, () => fetch(base + path)))
  for (const response of responses) assert.equal(await response.text(), '0123456789')
  assert.equal(state.reads, 1)
})

test('origin: bytes of every value arrive as they are, of short files and long ones, whole and in part', async (context) => {
  for (const length of [0, 1, 8 * 1024, 8 * 1024 + 1, 100_000]) {
    // As the store lends them: in memory that threads share, and not at its beginning.
    const bytes = new Uint8Array(new SharedArrayBuffer(length + 7), 7).map((_, index) => (index * 131) & 255)
    const lent = new Uint8Array(new SharedArrayBuffer(length + 7), 7)
    lent.set(bytes)
    let released = 0
    const release = () => {
      released += 1
    }
    const { base } = await open(context, { read: async () => ({ data: lent, crc: crc32(bytes), release }) })
    const whole = await (await fetch(base + path)).bytes()
    assert.equal(Buffer.compare(whole, bytes), 0, `${length} bytes`)
    if (length < 2) continue
    const part = await fetch(base + path, { headers: { Range: 'bytes=1-' } })
    assert.deepEqual([part.status, Buffer.compare(await part.bytes(), bytes.subarray(1))], [206, 0])
    assert.ok(released >= 1)
  }
})
