import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdGenerator } from '../domain/ids.ts'
import type { MediaRow, Rendition } from '../domain/media.ts'
import type { Variant } from '../domain/variant.ts'
import { variantName } from '../domain/variant.ts'
import type { Preview, UploadView } from './previews-route.ts'
import type { Problem } from './problem.ts'
import { hashKey } from './keys.ts'
import { createMemoryCatalog, startTestApi, testKey } from './testing.ts'

const nextId = createIdGenerator(3, Date.now)

/** An API with one photo, whose variants are only noted down. */
async function withPhoto(fields: Partial<MediaRow> = { state: 'ready' }) {
  const catalog = createMemoryCatalog()
  await catalog.addKey('acme', hashKey(testKey))
  const id = nextId()
  await catalog.accept({
    id,
    tenant: 'acme',
    kind: 'image',
    preset: 'standard',
    filter: null,
    sourceType: 'image/heic',
    sourceBytes: 77,
    sourceSha256: 'ab',
  })
  catalog.change(id, {
    manifest: { kind: 'image', version: 2, width: 200, height: 100, blurhash: 'x', renditions: [], parts: [] },
    ...fields,
  })
  const asked: Variant[][] = []
  const make = async (_row: MediaRow, variants: readonly Variant[]) => {
    asked.push([...variants])
    for (const variant of variants) {
      const name = variantName(variant.untouched ? variant : { ...variant, width: 200 })
      const file: Rendition = {
        name,
        type: 'image/webp',
        width: 200,
        height: 100,
        bytes: 9,
        encodeMs: 4,
        locator: { volume: 1, alt: 1, cookie: '0'.repeat(16) },
      }
      catalog.variants.set(`${id}.2/${name}`, file)
    }
  }
  const api = await startTestApi({ catalog, variants: { make } })
  return { api, id, asked, [Symbol.asyncDispose]: api.close }
}

test('previews: every filter and none is made at once, once, and told with bytes and time', async () => {
  await using photo = await withPhoto()
  for (let time = 0; time < 2; time++) {
    const { previews } = (await (await photo.api.call(`/v1/media/${photo.id}/previews`)).json()) as { previews: Preview[] }
    assert.deepEqual(
      previews.map(({ filter, title, bytes, encodeMs }) => [filter, title, bytes, encodeMs]),
      [
        ['none', 'Original', 9, 4],
        ['mono', 'Mono', 9, 4],
        ['sepia', 'Sepia II', 9, 4],
      ],
    )
  }
  assert.equal(photo.asked.length, 1)
})

test('upload: its owner sees what came as a picture, made once, with what the file was', async () => {
  await using photo = await withPhoto()
  for (let time = 0; time < 2; time++) {
    const view = (await (await photo.api.call(`/v1/media/${photo.id}/upload`)).json()) as UploadView
    assert.deepEqual(view.source, { type: 'image/heic', bytes: 77 })
    assert.match(view.url, /\/upload-w1080\.webp$/)
  }
  assert.deepEqual(photo.asked, [[{ width: 1080, untouched: true, format: 'webp' }]])
})

test('upload: of what is not ready there is nothing to see, and of what is erased nothing any more', async () => {
  for (const [state, code] of [
    ['processing', 'REQUEST_INVALID'],
    ['erased', 'MEDIA_ERASED'],
  ] as const) {
    await using photo = await withPhoto({ state })
    for (const what of ['upload', 'previews'])
      assert.equal(((await (await photo.api.call(`/v1/media/${photo.id}/${what}`)).json()) as Problem).code, code)
    assert.equal(photo.asked.length, 0)
  }
})
