import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { aliasKey, formatAliasPath } from '../../cdn/alias-path.ts'
import { formatProtectedPath } from '../../cdn/protected-path.ts'
import { createErasureFollower, type ErasureFollower } from '../../cdn/erasures.ts'
import { createVarnishPurger } from '../../cdn/invalidation/varnish.ts'
import { createOrigin, type Origin } from '../../cdn/origin.ts'
import { type FileParts, formatFilePath, itemTag, versionTag } from '../../cdn/url.ts'
import { verifyRefused } from '../../cdn/verify.ts'
import { codeOf, MediaError } from '../../domain/errors.ts'
import { createIdGenerator, type MediaId, mediaIdOf } from '../../domain/ids.ts'
import { limits } from '../../domain/limits.ts'
import type { Locator, MediaRow } from '../../domain/media.ts'
import type { BlobRead, EdgePurger } from '../../domain/ports.ts'
import { pickPorts } from '../../infra/engines/ports.ts'
import { openSupervisor, type Supervisor } from '../../infra/engines/supervisor.ts'
import { render } from '../../infra/engines/templates.ts'
import { parseTools } from '../../infra/engines/tools.ts'
import { startVarnish } from '../../infra/engines/varnish.ts'

const vcl = join(import.meta.dirname, '../../infra/varnish/darkroom.vcl')
const tools = parseTools(process.env.DARKROOM_TOOLS)
const isMissing = tools.varnishd === undefined && process.env.DARKROOM_REQUIRE_ALL !== '1'

/** Files that the origin reads; a read takes its bytes first and can then be held before it gives them. */
class HeldBlobs {
  readonly #files = new Map<string, Uint8Array>()
  #gate: Promise<void> | null = null
  #arrived: (() => void) | null = null
  reads = 0

  set(file: FileParts, text: string): void {
    this.#files.set(`${file.id}/${file.locator.cookie}`, new TextEncoder().encode(text))
  }

  /** Holds reads from now on. `arrived` resolves when one is held; `release` lets all go. */
  hold(): { readonly arrived: Promise<void>; readonly release: () => void } {
    const gate = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    this.#gate = gate.promise
    this.#arrived = arrived.resolve
    return {
      arrived: arrived.promise,
      release: () => {
        if (this.#gate === gate.promise) this.#gate = null
        gate.resolve()
      },
    }
  }

  async read(key: bigint, { cookie }: Locator): Promise<BlobRead> {
    this.reads += 1
    const data = this.#files.get(`${mediaIdOf(key)}/${cookie}`)
    this.#arrived?.()
    await this.#gate
    if (data === undefined) throw new MediaError('BLOB_NOT_FOUND')
    return { data, crc: crc32(data) }
  }
}

suite('edge', { skip: isMissing ? 'varnish is not installed: run npm run setup' : false }, () => {
  const blobs = new HeldBlobs()
  const erased: { position: number; id: MediaId }[] = []
  const nextId = createIdGenerator(1, Date.now)
  const rows = new Map<MediaId, MediaRow>()
  let cookies = 0
  let home: string
  let supervisor: Supervisor
  let origin: Origin
  let follower: ErasureFollower
  let purger: EdgePurger
  let edge: string

  function newFile(name = 'w1080.jpg', id = nextId(), version = 1): FileParts {
    cookies += 1
    return {
      id,
      version,
      name,
      locator: { volume: 3, alt: version * 0x100_0000 + cookies, cookie: cookies.toString(16).padStart(16, '0') },
    }
  }

  const urlOf = (file: FileParts) => `${edge}${formatFilePath(file)}`

  async function see(file: FileParts, headers: Record<string, string> = {}) {
    const response = await fetch(urlOf(file), { headers })
    return { status: response.status, cache: response.headers.get('x-cache'), text: await response.text(), headers: response.headers }
  }

  const contentSecret = 'a secret of thirty-two characters'

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'darkroom-edge-'))
    follower = createErasureFollower({ feed: { after: async (position) => erased.filter((row) => row.position > position) } })
    await follower.refresh()
    const current = { get: async (id: MediaId) => rows.get(id) ?? null, finished: async () => undefined }
    origin = createOrigin({ blobs, erasures: follower, current, contentSecret, limits: { ...limits, aliasAgeMsMax: -1 } })
    const base = new URL(await origin.listen(0))
    supervisor = await openSupervisor({ home })
    const { http } = await pickPorts(0, ['http'])
    const running = await startVarnish({ supervisor, tools, port: http, vcl, origin: { host: base.hostname, port: Number(base.port) } })
    edge = running.url
    purger = createVarnishPurger({ edges: [edge] })
  })
  after(async () => {
    await supervisor?.stop()
    await origin?.close()
    await follower?.close()
    await rm(home, { recursive: true, force: true })
  })
  beforeEach(() => {
    blobs.reads = 0
  })

  test('edge: the VCL compiles', async () => {
    const file = join(home, 'check.vcl')
    await writeFile(file, render(await readFile(vcl, 'utf8'), { ORIGIN_HOST: '127.0.0.1', ORIGIN_PORT: 8080 }))
    const { status, stderr } = spawnSync(tools.varnishd ?? '', ['-j', 'none', '-C', '-f', file, '-n', join(home, 'check')], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
  })

  test('edge: the key of an encrypted video is asked for each time, and refused without its signature', async () => {
    const { id } = newFile()
    const manifest = { kind: 'video', version: 1, renditions: [], parts: [], protection: 'aes-128' }
    rows.set(id, { id, state: 'ready', version: 1, sourceSha256: 'f00d', manifest } as unknown as MediaRow)
    const path = formatProtectedPath(contentSecret, { id, version: 1, until: 1_900_000_000, name: 'content.key' })
    for (const _ of [1, 2]) {
      const answer = await fetch(`${edge}${path}?x=1`, { headers: { Cookie: 'a=b' } })
      assert.deepEqual([answer.status, (await answer.arrayBuffer()).byteLength, answer.headers.get('cache-control')], [200, 16, 'no-store'])
    }
    assert.equal((await fetch(`${edge}${path.replace(/\.[0-9a-f]{32}/, `.${'0'.repeat(32)}`)}`)).status, 403)
  })

  test('edge: an alias is asked for anew each time, and what looks like none does not reach the origin', async () => {
    const files = [newFile(), newFile()]
    const id = files[0]?.id ?? nextId()
    const alias = formatAliasPath({ id, key: aliasKey({ id, sourceSha256: 'f00d' }), name: 'w1080.jpg' })
    for (const [at, file] of files.entries()) {
      const version = at + 1
      const locator = { ...file.locator, alt: version * 0x100_0000 + at }
      const rendition = { name: file.name, type: 'image/jpeg', bytes: 1, width: 1, height: 1, locator }
      const manifest = { kind: 'image' as const, version, width: 1, height: 1, blurhash: '', renditions: [rendition], parts: [] }
      rows.set(id, { id, state: 'ready', version, sourceSha256: 'f00d', manifest } as unknown as MediaRow)
      const answer = await fetch(`${edge}${alias}?x=1`, { redirect: 'manual', headers: { Cookie: 'a=b' } })
      assert.deepEqual([answer.status, answer.headers.get('cache-control')], [307, 'no-store'])
      assert.equal(answer.headers.get('location'), formatFilePath({ id, version, locator, name: file.name }))
    }
    assert.equal((await fetch(`${edge}/a/${id}/w1080.jpg`)).status, 404)
  })

  test('edge: the first read is a miss, the second a hit, whatever the query, the cookie and the host', async () => {
    const file = newFile()
    blobs.set(file, 'bytes')
    const first = await see(file)
    assert.deepEqual([first.status, first.cache, first.text], [200, 'miss', 'bytes'])
    const second = await see(file)
    assert.deepEqual([second.status, second.cache, second.text], [200, 'hit', 'bytes'])
    assert.equal(
      (await fetch(`${urlOf(file)}?utm=1&x`, { headers: { Cookie: 'a=b', 'Cache-Control': 'no-cache' } })).headers.get('x-cache'),
      'hit',
    )
    assert.equal((await raw('GET', formatFilePath(file), { Host: 'elsewhere.example' })).headers['x-cache'], 'hit')
    assert.equal(blobs.reads, 1)
    assert.equal(second.headers.get('content-type'), 'image/jpeg')
    assert.equal(second.headers.get('cache-control'), 'public, max-age=31536000, immutable')
    assert.equal(second.headers.get('access-control-allow-origin'), '*')
    assert.equal(second.headers.get('surrogate-key'), `${itemTag(file.id)} ${versionTag(file.id, 1)}`)
    for (const inner of ['xkey', 'x-purge-seen', 'x-varnish', 'via']) assert.equal(second.headers.get(inner), null)
  })

  test('edge: a cold range brings the whole file once; ranges are then served from the cache', async () => {
    const file = newFile('seg-1.m4s')
    blobs.set(file, '0123456789')
    const cold = await see(file, { Range: 'bytes=2-4' })
    assert.deepEqual([cold.status, cold.text, cold.headers.get('content-range')], [206, '234', 'bytes 2-4/10'])
    for (const [range, status, text] of [
      ['bytes=0-0', 206, '0'],
      ['bytes=-3', 206, '789'],
      ['bytes=7-', 206, '789'],
      ['bytes=-50', 206, '0123456789'],
      ['bytes=5-50', 206, '56789'],
      ['bytes=0-1,4-5', 200, '0123456789'],
      ['chunks=0-1', 200, '0123456789'],
    ] as const) {
      const warm = await see(file, { Range: range })
      assert.deepEqual([range, warm.status, warm.text, warm.cache], [range, status, text, 'hit'])
    }
    assert.equal((await see(file, { Range: 'bytes=10-' })).status, 416)
    assert.equal(blobs.reads, 1)
  })

  test('edge: validators are honoured from the cache', async () => {
    const file = newFile()
    blobs.set(file, 'validated')
    const etag = (await see(file)).headers.get('etag') ?? ''
    assert.match(etag, /^"[0-9a-f]{8}-9"$/)
    assert.equal((await see(file, { 'If-None-Match': etag })).status, 304)
    assert.equal((await see(file, { 'If-None-Match': '"other"' })).status, 200)
    assert.equal((await see(file, { Range: 'bytes=0-1', 'If-Range': etag })).status, 206)
    assert.equal((await see(file, { Range: 'bytes=0-1', 'If-Range': '"other"' })).status, 200)
    const head = await raw('HEAD', formatFilePath(file))
    assert.deepEqual([head.status, head.headers['content-length'], head.headers['x-cache']], [200, '9', 'hit'])
    assert.equal(blobs.reads, 1)
  })

  test('edge: a hundred cold readers at once are one read of the origin', async () => {
    const file = newFile()
    blobs.set(file, 'popular')
    const held = blobs.hold()
    const readers = Array.from({ length: 100 }, () => see(file))
    await held.arrived
    held.release()
    for (const { text } of await Promise.all(readers)) assert.equal(text, 'popular')
    assert.equal(blobs.reads, 1)
  })

  test('edge: a purge drops all of an item, or all of a version, and says how many', async () => {
    const id = nextId()
    const files = [newFile('a.jpg', id), newFile('b.jpg', id), newFile('c.jpg', id, 2)]
    const bystander = newFile('d.jpg', nextId())
    for (const file of [...files, bystander]) {
      blobs.set(file, file.name)
      await see(file)
    }
    assert.equal((await purgeOnce(versionTag(id, 2))).text, '{"purged":1}')
    assert.equal((await purgeOnce(itemTag(id))).text, '{"purged":2}')
    assert.equal((await purgeOnce(itemTag(id))).text, '{"purged":0}')
    for (const file of files) assert.equal((await see(file)).cache, 'miss')
    assert.equal((await purgeOnce(itemTag(bystander.id))).text, '{"purged":1}')
  })

  test('edge: a purge of an unknown form of tag counts too, and one that is no tag is refused', async () => {
    assert.deepEqual([(await purgeOnce('owner-7')).status, (await purgeOnce('owner-7')).text], [200, '{"purged":0}'])
    for (const wrong of ['', 'A', 'a b', '*', 'a'.repeat(129)]) assert.equal((await purgeOnce(wrong)).status, 400, wrong)
  })

  test('edge: a purge that came through another proxy is refused', async () => {
    const file = newFile()
    blobs.set(file, 'kept')
    await see(file)
    assert.equal((await raw('PURGE', '/', { 'xkey-purge': itemTag(file.id), 'X-Forwarded-For': '203.0.113.9' })).status, 403)
    assert.equal((await see(file)).cache, 'hit')
  })

  test('edge: what was fetched before a purge and arrives after it is never served to a later reader', async () => {
    for (const together of [true, false]) {
      const file = newFile()
      blobs.set(file, 'old')
      const held = blobs.hold()
      const early = see(file)
      await held.arrived
      await purger.purge(itemTag(file.id))
      blobs.set(file, 'new')
      // A reader after the acknowledgement, behind the fetch that is under way, or once that is over.
      const waiting = together ? see(file) : null
      held.release()
      assert.match((await early).text, /^(old|new)$/)
      if (waiting !== null) assert.equal((await waiting).text, 'new')
      for (const _ of [1, 2, 3]) assert.equal((await see(file)).text, 'new')
    }
  })

  test('edge: a fetch that purges disturb again and again ends, is not kept, and its file is kept afterwards', async () => {
    const file = newFile()
    for (let round = 0; round < 3; round += 1) blobs.set(file, `v${round}`)
    let held = blobs.hold()
    const early = see(file)
    for (let round = 0; round < 3; round += 1) {
      await held.arrived
      await purger.purge(itemTag(file.id))
      blobs.set(file, `after purge ${round}`)
      const { release } = held
      // The next round's gate is closed before this one's is opened.
      if (round < 2) held = blobs.hold()
      release()
    }
    assert.equal((await early).text, 'after purge 1')
    assert.equal((await see(file)).text, 'after purge 2')
    assert.equal((await see(file)).text, 'after purge 2')
  })

  test('edge: a purge of one item leaves fetches of another alone', async () => {
    const [file, other] = [newFile(), newFile('x.jpg', '0123456789abc' as MediaId)]
    blobs.set(file, 'steady')
    const held = blobs.hold()
    const reading = see(file)
    await held.arrived
    await purger.purge(itemTag(other.id))
    held.release()
    assert.equal((await reading).text, 'steady')
    assert.equal((await see(file)).cache, 'hit')
    assert.equal(blobs.reads, 1)
  })

  test('edge: an erased item is 410 through the edge from the acknowledgement on', async () => {
    const file = newFile()
    blobs.set(file, 'secret')
    await see(file)
    await assert.rejects(verifyRefused([urlOf(file)]), (error) => codeOf(error) === 'NOT_YET_REFUSED')
    erased.push({ position: erased.length + 1, id: file.id })
    await follower.refresh()
    assert.equal((await see(file)).cache, 'hit')
    await purger.purge(itemTag(file.id))
    for (const _ of [1, 2, 3]) assert.equal((await see(file)).status, 410)
    await verifyRefused([urlOf(file)])
  })

  test('edge: what is missing is not remembered', async () => {
    const file = newFile()
    assert.equal((await see(file)).status, 404)
    blobs.set(file, 'here now')
    assert.equal((await see(file)).text, 'here now')
  })

  test('edge: what is no address never reaches the origin', async () => {
    for (const path of [
      '/',
      '/m/',
      '/readyz',
      '/m/x.1/1.1.0000000000000000/a.jpg',
      '/etc/passwd',
      '/m/0000000000000.1/1.1.0000000000000000/%61.jpg',
    ]) {
      assert.equal((await raw('GET', path)).status, 404, path)
    }
    assert.equal((await raw('POST', '/m/0000000000000.1/1.1.0000000000000000/a.jpg')).status, 405)
    assert.equal((await raw('OPTIONS', '/m/0000000000000.1/1.1.0000000000000000/a.jpg')).status, 204)
    assert.equal((await raw('GET', '/healthz')).status, 200)
    assert.equal(blobs.reads, 0)
  })

  test('edge: an edge that does not purge is EDGE_UNAVAILABLE, and the others are purged all the same', async () => {
    const file = newFile()
    blobs.set(file, 'one')
    await see(file)
    const { gone } = await pickPorts(0, ['gone'])
    const both = createVarnishPurger({ edges: [`http://127.0.0.1:${gone}`, edge] })
    await assert.rejects(both.purge(itemTag(file.id)), (error) => codeOf(error) === 'EDGE_UNAVAILABLE')
    assert.equal((await see(file)).cache, 'miss')
  })

  test('edge: a version is never stale after the acknowledgement, with many readers and purges at once', async () => {
    const files = Array.from({ length: 8 }, () => newFile())
    const acknowledged = new Map(files.map((file) => [file, 0]))
    for (const file of files) blobs.set(file, '0')
    let running = true
    let reads = 0
    const readers = Array.from({ length: 12 }, async (_, reader) => {
      for (let turn = reader; running; turn += 1) {
        const file = files[turn % files.length]
        if (file === undefined) return
        const least = acknowledged.get(file) ?? 0
        const { text } = await see(file)
        reads += 1
        assert.ok(Number(text) >= least, `read ${text} after ${least} was acknowledged`)
      }
    })
    const writers = files.map(async (file) => {
      for (let version = 1; version <= 12; version += 1) {
        blobs.set(file, String(version))
        await purger.purge(itemTag(file.id))
        acknowledged.set(file, version)
      }
    })
    await Promise.all(writers)
    running = false
    await Promise.all(readers)
    assert.ok(reads > 100, `${reads} reads`)
  })

  async function purgeOnce(tag: string) {
    return await raw('PURGE', '/', { 'xkey-purge': tag })
  }

  async function raw(method: string, path: string, headers: Record<string, string> = {}) {
    return await new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; text: string }>((done, failed) => {
      const asked = request(edge, { method, path, headers, agent: false }, (answer) => {
        const chunks: Uint8Array[] = []
        answer.on('data', (chunk: Uint8Array) => chunks.push(chunk))
        answer.once('error', failed)
        answer.once('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString() }))
      })
      asked.once('error', failed)
      asked.end()
    })
  }
})
