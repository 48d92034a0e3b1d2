import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdGenerator } from '../domain/ids.ts'
import { captionsKey } from '../domain/media.ts'
import type { NewMedia } from '../domain/ports.ts'
import type { Problem } from './problem.ts'
import { startTestApi } from './testing.ts'

const nextId = createIdGenerator(3, Date.now)
const film = (kind: 'image' | 'video' = 'video'): NewMedia => ({
  id: nextId(),
  tenant: 'acme',
  kind,
  preset: 'standard',
  filter: null,
  sourceType: kind === 'video' ? 'video/mp4' : 'image/jpeg',
  sourceBytes: 10,
  sourceSha256: 'ab',
})
const vtt = 'WEBVTT\n\n00:01.000 --> 00:02.000 line:0\n<script>Hello</script> <i>there</i>\n'

test('api: captions are kept as cues alone, one text a language, until the film is made', async () => {
  await using api = await startTestApi()
  const row = film()
  await api.catalog.accept(row)
  const post = (language: string, body: string | Uint8Array = vtt) =>
    api.call(`/v1/media/${row.id}/captions?language=${language}`, { method: 'POST', body })
  const response = await post('eng')
  assert.equal(response.status, 202)
  assert.deepEqual(await response.json(), { language: 'en', cues: 1 })
  const kept = api.objects.stored.get(captionsKey(row.id, 'en', 'given'))
  assert.equal(Buffer.from(kept ?? []).toString(), 'WEBVTT\n\n00:00:01.000 --> 00:00:02.000 line:0\nHello <i>there</i>\n')
  assert.equal((await post('en')).status, 202)
  assert.equal(api.objects.stored.size, 1)

  const refused = async (answer: Response | Promise<Response>, code: string) =>
    assert.equal(((await (await answer).json()) as Problem).code, code)
  for (const language of ['', 'x', 'a_b', '../en', 'en'.repeat(40)]) await refused(post(language), 'REQUEST_INVALID')
  await refused(post('de', 'subtitles'), 'CAPTIONS_INVALID')
  await refused(post('de', Uint8Array.of(0x57, 0xff)), 'CAPTIONS_INVALID')
  await refused(post('de', `WEBVTT\n${'x'.repeat(2 * 1024 ** 2)}`), 'UPLOAD_TOO_LARGE')

  assert.deepEqual(api.starter.recaptioned, [], 'whoever makes the film takes them up')
})

test('api: captions of a film whose playlists are made are put into it afterwards', async () => {
  await using api = await startTestApi()
  const row = film()
  await api.catalog.accept(row)
  const call = (method: 'POST' | 'DELETE', language: string) =>
    api.call(`/v1/media/${row.id}/captions?language=${language}`, { method, ...(method === 'POST' ? { body: vtt } : {}) })
  await api.catalog.setStage(row.id, 'publish')
  assert.equal((await call('POST', 'fr')).status, 202)
  await api.catalog.settle(row.id, { state: 'ready', event: {} as never })
  assert.equal((await call('POST', 'de')).status, 202)
  assert.equal((await call('DELETE', 'fr')).status, 202)
  assert.deepEqual([...api.objects.stored.keys()], [captionsKey(row.id, 'de', 'given')])
  assert.deepEqual(
    api.starter.recaptioned.map(({ id }) => id),
    [row.id, row.id, row.id],
  )
})

test('api: captions taken away while a film is made hide those that are found in the upload', async () => {
  await using api = await startTestApi()
  const row = film()
  await api.catalog.accept(row)
  assert.equal((await api.call(`/v1/media/${row.id}/captions?language=en`, { method: 'DELETE' })).status, 202)
  assert.equal(Buffer.from(api.objects.stored.get(captionsKey(row.id, 'en', 'given')) ?? []).toString(), 'WEBVTT\n')
})

test('api: a film that came to nothing gets no captions, and none are left behind', async () => {
  await using api = await startTestApi()
  const row = film()
  await api.catalog.accept(row)
  await api.catalog.settle(row.id, { state: 'failed', error: { code: 'INTERNAL', title: '' }, event: {} as never })
  const response = await api.call(`/v1/media/${row.id}/captions?language=en`, { method: 'POST', body: vtt })
  assert.deepEqual([response.status, ((await response.json()) as Problem).code], [409, 'CAPTIONS_IMPOSSIBLE'])
  assert.equal(api.objects.stored.size, 0)
})

test('api: captions are of the own film, and no photo has any', async () => {
  await using api = await startTestApi()
  const photo = film('image')
  await api.catalog.accept(photo)
  const foreign = { ...film(), tenant: 'globex' }
  await api.catalog.accept(foreign)
  const status = async (id: string) => (await api.call(`/v1/media/${id}/captions?language=en`, { method: 'POST', body: vtt })).status
  assert.equal(await status(photo.id), 400)
  assert.equal(await status(foreign.id), 404)
  assert.equal((await fetch(`${api.base}/v1/media/${photo.id}/captions`, { method: 'POST', body: vtt })).status, 401)
})

test('api: an item has captions in a bounded number of languages', async () => {
  await using api = await startTestApi({ limits: { captionTracksMax: 2 } })
  const row = film()
  await api.catalog.accept(row)
  const status = async (language: string) =>
    (await api.call(`/v1/media/${row.id}/captions?language=${language}`, { method: 'POST', body: vtt })).status
  assert.deepEqual([await status('en'), await status('de'), await status('fr'), await status('en')], [202, 202, 422, 202])
})
