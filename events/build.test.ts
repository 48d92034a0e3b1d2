import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaIdOf } from '../domain/ids.ts'
import type { Manifest, MediaRow, Rendition } from '../domain/media.ts'
import { erasedData, readyData, refusedData } from './build.ts'

const id = mediaIdOf(42n)
const file = (name: string, type: string): Rendition => ({
  name,
  type,
  bytes: 9,
  width: 640,
  height: 360,
  locator: { volume: 5, alt: 6, cookie: '00000000deadbeef' },
})
const video: Manifest = {
  kind: 'video',
  version: 3,
  width: 640,
  height: 360,
  blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
  durationMs: 4_000,
  renditions: [file('master.m3u8', 'application/vnd.apple.mpegurl'), file('poster.jpg', 'image/jpeg')],
  parts: [file('360p-0.m4s', 'video/iso.segment')],
  hls: 'master.m3u8',
  poster: 'poster.jpg',
}
const row: MediaRow = {
  id,
  tenant: 'acme',
  kind: 'video',
  state: 'processing',
  stage: 'announce',
  version: 3,
  revision: 1,
  preset: 'standard',
  filter: null,
  sourceType: 'video/mp4',
  sourceBytes: 1,
  sourceSha256: 'f00d',
  manifest: video,
  createdAt: new Date(0),
}
const fileUrl = (of: string, version: number, { name }: { readonly name: string }) => `https://cdn.example/${of}.${version}/${name}`

test('build: of an encrypted video no playlist is named, since none without a signature finds its key', () => {
  const data = readyData({ ...row, manifest: { ...video, protection: 'aes-128' } }, fileUrl)
  assert.deepEqual([data.hls, data.protection, data.renditions.map(({ name }) => name)], [undefined, 'aes-128', ['poster.jpg']])
})

test('build: who is told that a photo is ready is told what its renditions do not show, and nothing where they show all', () => {
  const photo = { ...video, kind: 'image', losses: ['hdr'] } as const
  assert.deepEqual(readyData({ ...row, manifest: photo }, fileUrl).losses, [
    { name: 'hdr', text: 'HDR tones are brought down to those of ordinary screens.' },
  ])
  assert.ok(!('losses' in readyData({ ...row, manifest: { ...photo, losses: [] } }, fileUrl)))
})

test('build: a ready video names its playlist and poster by URL and its renditions, not its parts', () => {
  assert.deepEqual(readyData(row, fileUrl), {
    id,
    tenant: 'acme',
    kind: 'video',
    version: 3,
    width: 640,
    height: 360,
    blurhash: video.blurhash,
    durationMs: 4_000,
    renditions: [
      {
        name: 'master.m3u8',
        url: `https://cdn.example/${id}.3/master.m3u8`,
        type: 'application/vnd.apple.mpegurl',
        width: 640,
        height: 360,
        bytes: 9,
      },
      { name: 'poster.jpg', url: `https://cdn.example/${id}.3/poster.jpg`, type: 'image/jpeg', width: 640, height: 360, bytes: 9 },
    ],
    hls: `https://cdn.example/${id}.3/master.m3u8`,
    poster: `https://cdn.example/${id}.3/poster.jpg`,
  })
})

test('build: a ready image has no property of a video', () => {
  const { durationMs: _, hls: __, poster: ___, ...image } = video
  const data = readyData({ ...row, kind: 'image', manifest: { ...image, kind: 'image' } }, fileUrl)
  assert.deepEqual(
    ['durationMs', 'hls', 'poster'].filter((name) => name in data),
    [],
  )
})

test('build: a row without a manifest, or one that names a missing file, is a bug', () => {
  const { manifest: _, ...bare } = row
  assert.throws(() => readyData(bare, fileUrl), /without a manifest/)
  assert.throws(() => readyData({ ...row, manifest: { ...video, poster: 'gone.jpg' } }, fileUrl), /gone\.jpg/)
})

test('build: a refusal carries code and title only', () => {
  const error = { code: 'MEDIA_CORRUPT', title: 'The file is damaged or incomplete.' } as const
  assert.deepEqual(refusedData(row, error), { id, tenant: 'acme', kind: 'video', error })
})

test('build: a receipt carries the time of the verification', () => {
  assert.deepEqual(erasedData(id, 'acme', new Date(0)), { id, tenant: 'acme', verifiedAt: '1970-01-01T00:00:00.000Z' })
})
