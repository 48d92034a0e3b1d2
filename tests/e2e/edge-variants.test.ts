import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { aliasKey } from '../../cdn/alias-path.ts'
import { createVarnishPurger } from '../../cdn/invalidation/varnish.ts'
import { createOrigin, type Origin } from '../../cdn/origin.ts'
import { itemTag } from '../../cdn/url.ts'
import { MediaError } from '../../domain/errors.ts'
import { createIdGenerator, type MediaId } from '../../domain/ids.ts'
import { limits } from '../../domain/limits.ts'
import type { Locator, MediaRow, Rendition } from '../../domain/media.ts'
import { pickPorts } from '../../infra/engines/ports.ts'
import { openSupervisor, type Supervisor } from '../../infra/engines/supervisor.ts'
import { parseTools } from '../../infra/engines/tools.ts'
import { startVarnish } from '../../infra/engines/varnish.ts'

const vcl = join(import.meta.dirname, '../../infra/varnish/darkroom.vcl')
const tools = parseTools(process.env.DARKROOM_TOOLS)
const isMissing = tools.varnishd === undefined && process.env.DARKROOM_REQUIRE_ALL !== '1'

suite('edge', { skip: isMissing ? 'varnish is not installed: run npm run setup' : false }, () => {
  const blobs = new Map<string, Uint8Array>()
  const rows = new Map<MediaId, MediaRow>()
  const variants = new Map<string, Rendition>()
  const nextId = createIdGenerator(1, Date.now)
  let cookies = 0
  let home: string
  let supervisor: Supervisor
  let origin: Origin
  let edge: string

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'darkroom-edge-'))
    origin = createOrigin({
      blobs: {
        async read(_key: bigint, { cookie }: Locator) {
          const data = blobs.get(cookie)
          if (!data) throw new MediaError('BLOB_NOT_FOUND')
          return { data, crc: crc32(data) }
        },
      },
      erasures: { has: () => false, loaded: () => true },
      current: { get: async (id: MediaId) => rows.get(id) ?? null, finished: async () => undefined },
      variants: {
        store: { variant: async (id: MediaId, version: number, name: string) => variants.get(`${id}.${version}/${name}`) ?? null },
        maker: { make: async () => assert.fail('every variant of these tests is there') },
        sizes: ['800'],
        secrets: [],
      },
      limits: { ...limits, aliasAgeMsMax: -1 },
    })
    const base = new URL(await origin.listen(0))
    supervisor = await openSupervisor({ home })
    const { http } = await pickPorts(0, ['http'])
    const running = await startVarnish({ supervisor, tools, port: http, vcl, origin: { host: base.hostname, port: Number(base.port) } })
    edge = running.url
  })
  after(async () => {
    await supervisor?.stop()
    await origin?.close()
    await rm(home, { recursive: true, force: true })
  })

  test('edge: a variant is kept once for each format, whatever words a reader takes it in, until its item is purged', async () => {
    const id = nextId()
    const manifest = (version: number) => ({
      kind: 'image' as const,
      version,
      width: 1600,
      height: 1200,
      blurhash: '',
      renditions: [],
      parts: [],
    })
    const become = (version: number) => {
      rows.set(id, { id, kind: 'image', state: 'ready', version, sourceSha256: 'f00d', manifest: manifest(version) } as unknown as MediaRow)
      for (const name of ['w800.avif', 'w800.webp', 'w800.jpg']) {
        cookies += 1
        const cookie = cookies.toString(16).padStart(16, '0')
        blobs.set(cookie, new TextEncoder().encode(`${name} of ${version}`))
        const type = `image/${name.slice(5)}`
        variants.set(`${id}.${version}/${name}`, {
          name,
          type,
          bytes: 1,
          width: 800,
          height: 600,
          locator: { volume: 3, alt: version * 0x100_0000 + cookies, cookie },
        })
      }
    }
    become(1)
    const purger = createVarnishPurger({ edges: [edge] })
    const url = `${edge}/a/${id}.${aliasKey({ id, sourceSha256: 'f00d' })}/w_800,f_auto`
    const ask = async (accept: string) => {
      const answer = await fetch(`${url}?x=1`, { headers: { accept, cookie: 'a=b' } })
      assert.deepEqual([answer.headers.get('age'), answer.headers.get('cache-control')], [null, 'public, max-age=60'], 'a minute from now')
      return `${await answer.text()} ${answer.headers.get('x-cache')}`
    }
    assert.equal(await ask('image/avif,image/webp,*/*'), 'w800.avif of 1 miss')
    assert.equal(await ask('text/html, image/avif;q=0.9'), 'w800.avif of 1 hit')
    assert.equal(await ask('image/webp'), 'w800.webp of 1 miss')
    assert.equal(await ask('image/avif;q=0, image/webp;q=0.5'), 'w800.webp of 1 hit')
    assert.equal(await ask('*/*'), 'w800.jpg of 1 miss')
    assert.equal((await fetch(url.replace('w_800', 'w_801'))).status, 403)
    for (const mistaken of ['w_800,f_png', 'W_800,f_auto', 'h_600,f_auto', 'w_800,f_auto/x-1-ab']) {
      const answer = await fetch(url.replace('w_800,f_auto', mistaken))
      const { code } = (await answer.json()) as { code: string }
      assert.deepEqual([answer.status, code, answer.headers.get('cache-control')], [400, 'VARIANT_INVALID', 'no-store'], mistaken)
    }
    become(2)
    assert.equal(await ask('image/webp'), 'w800.webp of 1 hit', 'nobody has purged it yet')
    await purger.purge(itemTag(id))
    for (const [accept, name] of [
      ['image/avif', 'w800.avif'],
      ['image/webp', 'w800.webp'],
      ['*/*', 'w800.jpg'],
    ] as const)
      assert.equal(await ask(accept), `${name} of 2 miss`)
  })
})
