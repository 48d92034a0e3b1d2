import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf } from '../domain/errors.ts'
import { mediaIdOf } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import type { MediaRow, Rendition } from '../domain/media.ts'
import { variantName } from '../domain/variant.ts'
import { aliasKey } from './alias-path.ts'
import { createOrigin } from './origin.ts'
import { formatVariantPath, grantHolds, parseVariantPath } from './variant-path.ts'
import { createVariants } from './variants.ts'

const id = mediaIdOf(42n << 23n)
const fileOf = (name: string): Rendition => ({
  name,
  type: 'image/webp',
  bytes: 10,
  width: 800,
  height: 600,
  locator: { volume: 1, alt: 0x102_0000, cookie: '00112233445566ff' },
})
const row: MediaRow = {
  id,
  tenant: 'acme',
  kind: 'image',
  state: 'ready',
  stage: 'done',
  version: 1,
  revision: 1,
  preset: 'standard',
  filter: null,
  sourceType: 'image/jpeg',
  sourceBytes: 1,
  sourceSha256: 'ab',
  manifest: { kind: 'image', version: 1, width: 4000, height: 3000, blurhash: 'L', renditions: [fileOf('w640.webp')], parts: [] },
  createdAt: new Date(0),
}
const key = aliasKey(row)
const secret = 'a secret of sixteen and more'
const nowMs = 1_800_000_000_000
const until = nowMs / 1_000 + 3_600

function parsed(path: string) {
  const parts = parseVariantPath(path, limits.variantSideMax)
  assert.ok(parts, path)
  return parts
}
const asked = (text: string) => parsed(`/a/${id}.${key}/${text}`)

function stage(underWayMax = 32) {
  const there = new Map<string, Rendition>()
  const makings: string[] = []
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const find = createVariants(
    {
      store: { variant: async (_id, version, name) => there.get(`${version}/${name}`) ?? null },
      maker: {
        async make({ manifest }, variants) {
          for (const variant of variants) {
            makings.push(variantName(variant))
            await held
            there.set(`${manifest?.version}/${variantName(variant)}`, fileOf(variantName(variant)))
          }
        },
      },
      sizes: ['800', '300x300'],
      secrets: ['another secret, a newer one', secret],
    },
    { ...limits, variantsUnderWayMax: underWayMax },
    () => nowMs,
  )
  return { find, makings, release }
}

test('variant path: what is signed for one request holds for it alone, a prefix for all of the item, and both end', () => {
  const request = { width: 777, format: 'webp' } as const
  const exact = parsed(formatVariantPath({ id, key, request }, { secret, scope: 'x', until }))
  const prefix = parsed(formatVariantPath({ id, key, request }, { secret, scope: 'p', until }))
  for (const parts of [exact, prefix]) {
    assert.equal(grantHolds(parts, [secret], nowMs), true)
    assert.equal(grantHolds(parts, ['no secret of ours at all'], nowMs), false)
    assert.equal(grantHolds(parts, [secret], until * 1_000), false)
    assert.equal(grantHolds({ ...parts, grant: { ...parts.grant, until: until + 1 } as never }, [secret], nowMs), false)
    assert.equal(grantHolds({ ...parts, id: mediaIdOf(43n << 23n) }, [secret], nowMs), false)
  }
  const other = { width: 778, format: 'webp' } as const
  assert.equal(grantHolds({ ...exact, request: other }, [secret], nowMs), false)
  assert.equal(grantHolds({ ...prefix, request: other }, [secret], nowMs), true)
  assert.equal(grantHolds({ ...exact, grant: { ...exact.grant, scope: 'p' } as never }, [secret], nowMs), false)
})

test('variant path: only the canonical form is a variant', () => {
  for (const path of [
    `/a/${id}.${key}/w640.webp`,
    `/a/${id}.${key}/w_640,f_webp/`,
    `/a/${id}.${key}/w_640,f_webp/x-1-00`,
    `/a/${id}/w_640,f_webp`,
    `/a/${id}.${key.toUpperCase()}/w_640,f_webp`,
  ])
    assert.equal(parseVariantPath(path, limits.variantSideMax), null, path)
})

test('variants: fifty who ask at once wait for one making', async () => {
  const { find, makings, release } = stage()
  const all = Array.from({ length: 50 }, () => find(row, asked('w_800,f_webp'), undefined))
  await new Promise(setImmediate)
  release()
  assert.deepEqual(new Set((await Promise.all(all)).map(({ file }) => file.name)), new Set(['w800.webp']))
  await find(row, asked('w_800,f_webp'), undefined)
  assert.deepEqual(makings, ['w800.webp'])
})

test('variants: a size of the ladder is the file of the ladder, and nothing is made', async () => {
  const { find, makings } = stage()
  const signed = parsed(formatVariantPath({ id, key, request: { width: 640, format: 'webp' } }, { secret, scope: 'x', until }))
  assert.equal((await find(row, signed, undefined)).file, row.manifest?.renditions[0])
  assert.deepEqual(makings, [])
})

test('variants: the format is negotiated, and a new version has variants of its own', async () => {
  const { find, makings, release } = stage()
  release()
  const found = await find(row, asked('w_800,f_auto'), 'image/avif,*/*')
  assert.deepEqual([found.file.name, found.negotiated, found.seconds], ['w800.avif', true, limits.variantEdgeSecondsMax])
  await find({ ...row, manifest: { ...row.manifest, version: 2 } as never }, asked('w_800,f_avif'), undefined)
  assert.deepEqual(makings, ['w800.avif', 'w800.avif'])
})

test('variants: what is neither listed nor granted is refused, and nothing is looked up for it', async () => {
  const { find, makings } = stage()
  const request = { width: 800, format: 'webp' } as const
  const forged = parsed(formatVariantPath({ id, key, request }, { secret: 'no secret of ours at all', scope: 'x', until }))
  const ended = parsed(formatVariantPath({ id, key, request }, { secret, scope: 'x', until: nowMs / 1_000 }))
  for (const parts of [asked('w_801,f_webp'), asked('w_800,h_600,f_webp'), asked('w_800,l_mono,f_webp'), forged, ended])
    assert.equal(await find(row, parts, undefined).then(() => null, codeOf), 'VARIANT_REFUSED')
  for (const other of [{ kind: 'video' }, { state: 'playable' }] as const)
    assert.equal(await find({ ...row, ...other }, asked('w_800,f_webp'), undefined).then(() => null, codeOf), 'BLOB_NOT_FOUND')
  assert.deepEqual(makings, [])
})

test('variants: beyond so many makings at once a reader is told to come back', async () => {
  const { find, release } = stage(1)
  const first = find(row, asked('w_800,f_webp'), undefined)
  assert.equal(await find(row, asked('w_300,h_300,c_fill,f_webp'), undefined).then(() => null, codeOf), 'VARIANTS_BUSY')
  release()
  await first
  await find(row, asked('w_300,h_300,c_fill,f_webp'), undefined)
})

test('origin: what is wrong with a variant is told of an item that is there, to who knows its key, and to nobody else', async (context) => {
  const other = { ...row, id: mediaIdOf(43n << 23n), kind: 'video' as const }
  const origin = createOrigin({
    blobs: { read: async () => assert.fail('nothing is read') },
    erasures: { has: (asked) => asked === mediaIdOf(44n << 23n), loaded: () => true },
    current: { get: async (asked) => [row, other].find((known) => known.id === asked) ?? null, finished: async () => undefined },
    variants: { store: { variant: async () => null }, maker: { make: async () => {} }, sizes: ['800'], secrets: [secret] },
    limits,
  })
  context.after(() => origin.close())
  const base = await origin.listen(0)
  const refusal = async (path: string) => {
    const { status, code, detail, requestId } = (await (await fetch(base + path)).json()) as Record<string, unknown>
    assert.match(String(requestId), /^[0-9a-f-]{36}$/)
    return [`${String(status)} ${String(code)}`, String(detail)]
  }
  const [refused, detail] = await refusal(`/a/${id}.${key}/w_800,f_png`)
  assert.equal(refused, '400 VARIANT_INVALID')
  assert.match(detail ?? '', /^"f_png" is not f_auto/)
  for (const [path, fault] of [
    [`/a/${id}.${key}/w_800,f_auto/x-1-ab`, /no grant/],
    [`/a/${id}.${key}/W_800,f_auto`, /"W_800" is none of its words/],
    [`/a/${id}.${key}/w_800`, /format is missing/],
  ] as const)
    assert.match((await refusal(path)).join(': '), new RegExp(`^400 VARIANT_INVALID: .*${fault.source}`))
  const wrongKey = '0'.repeat(16)
  for (const [path, expected] of [
    [`/a/${id}.${wrongKey}/w_800,f_png`, '404 BLOB_NOT_FOUND'],
    [`/a/${id}.${wrongKey}/w_800,f_webp`, '404 BLOB_NOT_FOUND'],
    [`/a/${mediaIdOf(45n << 23n)}.${key}/w_800,f_png`, '404 BLOB_NOT_FOUND'],
    [`/a/${other.id}.${aliasKey(other)}/w_800,f_png`, '404 BLOB_NOT_FOUND'],
    [`/a/${mediaIdOf(44n << 23n)}.${key}/w_800,f_png`, '410 MEDIA_ERASED'],
    [`/a/${id}.${key}/nothing`, '404 ROUTE_NOT_FOUND'],
    [`/a/${id}.${key}/w_800,f_auto/x/y`, '404 ROUTE_NOT_FOUND'],
  ] as const)
    assert.equal((await refusal(path))[0], expected, path)
})
