import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdGenerator } from '../domain/ids.ts'
import type { Manifest, MediaRow, Rendition } from '../domain/media.ts'
import { toItem } from './item.ts'

const locator = { volume: 3, alt: 7, cookie: 'feedfacefeedface' }
const rendition = (name: string, type: string): Rendition => ({ name, type, width: 640, height: 360, bytes: 5, locator })
const manifest: Manifest = {
  kind: 'video',
  version: 2,
  width: 1920,
  height: 1080,
  blurhash: 'LEHV6n',
  durationMs: 4_000,
  renditions: [rendition('master.m3u8', 'application/vnd.apple.mpegurl'), rendition('p640.jpg', 'image/jpeg')],
  parts: [rendition('secret.m4s', 'video/iso.segment')],
  hls: 'master.m3u8',
  poster: 'p640.jpg',
}
const row: MediaRow = {
  id: createIdGenerator(1, () => Date.UTC(2026, 0, 1))(),
  tenant: 'acme',
  kind: 'video',
  state: 'processing',
  stage: 'develop',
  progress: { done: 1, total: 2, unit: 'chunks' },
  version: 2,
  revision: 5,
  preset: 'standard',
  filter: null,
  sourceType: 'video/mp4',
  sourceBytes: 1,
  sourceSha256: 'ab',
  createdAt: new Date('2026-01-01T00:00:00Z'),
}
const urls = {
  fileUrl: (id: string, version: number, file: { name: string }) => `https://cdn/${id}.${version}/${file.name}`,
  variantsUrl: (row: { id: string }) => `https://cdn/a/${row.id}/`,
  variantSizes: ['800'],
  aliasUrl: (row: { id: string }, name: string) => `https://cdn/a/${row.id}/${name}`,
}

test('api: a ready item has URLs for what an app links to, and nothing of how it is stored', () => {
  const { progress: _progress, ...done } = row
  const item = toItem({ ...done, state: 'ready', stage: 'done', manifest }, urls)
  const base = `https://cdn/${row.id}.2`
  assert.deepEqual(item, {
    id: row.id,
    kind: 'video',
    state: 'ready',
    blurhash: 'LEHV6n',
    width: 1920,
    height: 1080,
    durationMs: 4_000,
    renditions: [
      { name: 'master.m3u8', url: `${base}/master.m3u8`, type: 'application/vnd.apple.mpegurl', width: 640, height: 360, bytes: 5 },
      { name: 'p640.jpg', url: `${base}/p640.jpg`, type: 'image/jpeg', width: 640, height: 360, bytes: 5 },
    ],
    hls: `${base}/master.m3u8`,
    poster: `${base}/p640.jpg`,
    workflowId: `ingest:acme:${row.id}:2`,
    stage: 'done',
    createdAt: '2026-01-01T00:00:00.000Z',
  })
})

test('api: of an encrypted video only the signed playlist is told of', () => {
  const encrypted = { ...row, state: 'ready' as const, manifest: { ...manifest, protection: 'aes-128' as const } }
  const item = toItem(encrypted, { ...urls, protectedUrl: (id, version, name) => `https://cdn/k/${id}.${version}/${name}` })
  assert.equal(item.hls, `https://cdn/k/${row.id}.2/master.m3u8`)
  assert.deepEqual(
    item.renditions.map(({ name }) => name),
    ['p640.jpg'],
  )
  assert.equal(toItem(encrypted, urls).hls, undefined, 'without a secret there is no address that finds a key')
})

test('api: before it may be shown an item has its placeholder and sizes, and no URL', () => {
  const item = toItem({ ...row, manifest }, urls)
  assert.deepEqual(
    [item.blurhash, item.width, item.height, item.renditions, item.hls, item.poster],
    ['LEHV6n', 1920, 1080, [], undefined, undefined],
  )
  assert.deepEqual(item.progress, { done: 1, total: 2, unit: 'chunks' })
  assert.equal(toItem({ ...row, state: 'playable', manifest }, urls).renditions.length, 2)
})

test('api: of an erased item nothing is told, even if the row still had it', () => {
  const item = toItem({ ...row, state: 'erased', stage: 'erase', manifest }, urls)
  assert.deepEqual([item.blurhash, item.width, item.renditions, item.hls, item.durationMs], [null, null, [], undefined, undefined])
  assert.equal(item.workflowId, `erase:acme:${row.id}`)
})

test('api: an item tells that AI made it where its manifest does, until it is erased', () => {
  const marked = { ...row, manifest: { ...manifest, madeWithAi: true as const } }
  assert.equal(toItem({ ...marked, state: 'ready' }, urls).madeWithAi, true)
  assert.ok(!('madeWithAi' in toItem({ ...marked, state: 'erased' }, urls)))
  assert.ok(!('madeWithAi' in toItem({ ...row, state: 'ready', manifest }, urls)))
})

test('api: an item tells in words what its renditions do not show', () => {
  const item = toItem({ ...row, state: 'ready', manifest: { ...manifest, losses: ['animation', 'depth'] } }, urls)
  assert.deepEqual(
    item.losses?.map(({ name }) => name),
    ['animation', 'depth'],
  )
  assert.match(item.losses?.[0]?.text ?? '', /first is shown/)
  assert.ok(!('losses' in toItem({ ...row, state: 'ready', manifest }, urls)))
})

test('api: a ready photo tells where and in which sizes its variants may be asked for, and nothing else does', () => {
  const told = (fields: Partial<MediaRow>) => {
    const { variants, variantSizes } = toItem({ ...row, manifest, ...fields }, urls)
    return [variants, variantSizes]
  }
  assert.deepEqual(told({ kind: 'image', state: 'ready' }), [`https://cdn/a/${row.id}/`, ['800']])
  for (const other of [
    { kind: 'video', state: 'ready' },
    { kind: 'image', state: 'processing' },
    { kind: 'image', state: 'erased' },
  ] as const)
    assert.deepEqual(told(other), [undefined, undefined])
})
