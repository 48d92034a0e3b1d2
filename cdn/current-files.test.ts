import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaIdOf } from '../domain/ids.ts'
import type { Manifest, MediaRow, StoredFile } from '../domain/media.ts'
import type { StoredChunk, StoredLead, StoredTrack } from '../domain/video-pieces.ts'
import { aliasKey, formatAliasPath, parseAliasPath } from './alias-path.ts'
import { createCurrent } from './current-files.ts'

const id = mediaIdOf(42n << 23n)
let alt = 1
const file = (name: string): StoredFile => ({
  name,
  type: 'video/mp4',
  bytes: 1_000,
  locator: { volume: 7, alt: 0x100_0000 + alt++, cookie: '00112233445566ff' },
})
const segment = (name: string) => ({ ...file(name), durationSeconds: 6 })
const rungOf = (rung: number, name: string, chunk: number) => ({
  rung,
  codecs: 'avc1.64001f',
  initSha256: `init ${rung}`,
  ...(chunk === 0 ? { init: file(`${name}-init.mp4`) } : {}),
  segments: [segment(`${name}-${chunk * 16}.m4s`)],
})
const sound: StoredTrack = { init: file('audio-init.mp4'), segments: [segment('audio-0.m4s')], codecs: 'mp4a.40.2' }
const low = rungOf(1, '360p', 0)
const lead: StoredLead = {
  chunk: { rungs: [low] },
  audio: sound,
  rungs: [
    { index: 0, name: '720p', width: 1280, height: 720 },
    { index: 1, name: '360p', width: 640, height: 360 },
  ],
  fps: 30,
  chunks: 2,
}
const chunks: StoredChunk[] = [{ rungs: [rungOf(0, '720p', 0), low] }, { rungs: [rungOf(0, '720p', 1), rungOf(1, '360p', 1)] }]
const manifest: Manifest = {
  kind: 'video',
  version: 1,
  width: 1280,
  height: 720,
  blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
  durationMs: 12_000,
  renditions: [{ ...file('poster.jpg'), type: 'image/jpeg', width: 640, height: 360 }],
  parts: [],
}

function stage() {
  const row: MediaRow = {
    id,
    tenant: 'acme',
    kind: 'video',
    state: 'playable',
    stage: 'develop',
    version: 1,
    revision: 1,
    preset: 'standard',
    filter: null,
    sourceType: 'video/mp4',
    sourceBytes: 1,
    sourceSha256: 'f00d',
    manifest,
    createdAt: new Date(0),
  }
  const world = { row: row as MediaRow | null, steps: new Map<string, unknown>([['lead', lead]]), asked: [] as string[], nowMs: 1_000 }
  const { resolve } = createCurrent({
    source: {
      get: async () => world.row,
      finished: async (_id, _version, step) => {
        world.asked.push(step)
        return world.steps.get(step)
      },
    },
    ageMsMax: 500,
    itemsMax: 2,
    nowMs: () => world.nowMs,
  })
  const key = aliasKey(row)
  const text = async (name: string) => {
    world.nowMs += 1_000
    const current = await resolve({ id, key, name })
    assert.equal(current.is, 'playlist')
    return current.is === 'playlist' ? current.text : ''
  }
  return { world, resolve, key, text, row }
}

const uris = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

test('current files: a playlist grows by what has been finished, keeps what it told, and ends when nothing is missing', async () => {
  const { world, text } = stage()
  assert.deepEqual(uris(await text('master.m3u8')), ['360p.m3u8'])
  const first = await text('360p.m3u8')
  assert.match(first, /PLAYLIST-TYPE:EVENT/)
  assert.equal(uris(first).length, 1)
  world.steps.set('chunk:1', chunks[1])
  assert.deepEqual(uris(await text('360p.m3u8')), uris(first), 'a later chunk waits for the one before')
  world.steps.set('chunk:0', chunks[0])
  const whole = await text('360p.m3u8')
  assert.deepEqual(uris(whole).slice(0, 1), uris(first))
  assert.equal(uris(whole).length, 2)
  assert.match(whole, /ENDLIST/)
  assert.deepEqual(uris(await text('master.m3u8')), ['720p.m3u8', '360p.m3u8'])
  assert.doesNotMatch(await text('audio.m3u8'), /ENDLIST/)
  world.steps.set('audio', { ...sound, segments: [...sound.segments, segment('audio-1.m4s')] })
  assert.match(await text('audio.m3u8'), /ENDLIST/)
})

test('current files: sound is shown as far as there is a picture to it, and of a long one what is made ahead of the whole', async () => {
  const { world, text } = stage()
  const more = { ...sound, segments: [...sound.segments, segment('audio-1.m4s')] }
  world.steps.set('audio:ahead', more)
  assert.equal(uris(await text('audio.m3u8')).length, 1, 'there is one chunk of the picture')
  world.steps.set('chunk:0', chunks[0])
  world.steps.set('chunk:1', chunks[1])
  const grown = await text('audio.m3u8')
  assert.equal(uris(grown).length, 2)
  assert.doesNotMatch(grown, /ENDLIST/, 'the whole of it is to come')
  world.steps.set('audio', more)
  assert.match(await text('audio.m3u8'), /ENDLIST/)
})

test('current files: a playlist that grows says from the first segment on how long later ones may be', async () => {
  const { world, text } = stage()
  const brief = { ...low, segments: [{ ...segment('360p-0.m4s'), durationSeconds: 2 }] }
  world.steps.set('lead', { ...lead, chunk: { rungs: [brief] } })
  assert.match(await text('360p.m3u8'), /TARGETDURATION:6\n/)
})

test('current files: what was finished is asked for once, and many viewers cost one look', async () => {
  const { world, resolve, key, text } = stage()
  world.steps.set('chunk:0', chunks[0])
  await text('360p.m3u8')
  await text('360p.m3u8')
  assert.equal(world.asked.filter((step) => step === 'lead' || step === 'chunk:0').length, 2)
  const before = world.asked.length
  await Promise.all(Array.from({ length: 50 }, () => resolve({ id, key, name: '360p.m3u8' })))
  assert.equal(world.asked.length, before)
})

test('current files: who comes while a look is under way that began long ago is not told what it finds', async () => {
  const { promise: slow, resolve: answerSlow } = Promise.withResolvers<MediaRow>()
  const { row } = stage()
  const found = (version: number): MediaRow => ({ ...row, state: 'ready', version, manifest: { ...manifest, version } })
  const [key, looks] = [aliasKey(row), [slow, Promise.resolve(found(2))]]
  let nowMs = 1_000
  const { rowOf } = createCurrent({
    source: { get: async () => (await looks.shift()) ?? null, finished: async () => undefined },
    ageMsMax: 500,
    itemsMax: 2,
    nowMs: () => nowMs,
  })
  const early = rowOf({ id, key })
  nowMs += 400
  const soon = rowOf({ id, key })
  nowMs += 200
  const late = rowOf({ id, key })
  answerSlow(found(1))
  assert.deepEqual(
    (await Promise.all([early, soon, late])).map(({ version }) => version),
    [1, 1, 2],
  )
})

test('current files: an alias leads to the file of the version that is current', async () => {
  const { world, resolve, key, row } = stage()
  const poster = await resolve({ id, key, name: 'poster.jpg' })
  assert.ok(poster.is === 'file' && poster.path.startsWith(`/m/${id}.1/`))
  const master = { ...file('master.m3u8'), width: 1280, height: 720 }
  world.row = { ...row, state: 'ready', version: 2, manifest: { ...manifest, version: 2, renditions: [master], hls: 'master.m3u8' } }
  world.nowMs += 1_000
  const after = await resolve({ id, key, name: 'master.m3u8' })
  assert.ok(after.is === 'file' && after.path.startsWith(`/m/${id}.2/`))
  await assert.rejects(resolve({ id, key, name: 'poster.jpg' }), { code: 'BLOB_NOT_FOUND' })
})

test('current files: without the key, without the item or without its state nothing is found', async () => {
  const { world, resolve, key, row } = stage()
  await assert.rejects(resolve({ id, key: '0'.repeat(16), name: '360p.m3u8' }), { code: 'BLOB_NOT_FOUND' })
  await assert.rejects(resolve({ id, key, name: '720p.m3u8' }), { code: 'BLOB_NOT_FOUND' })
  const states: [MediaRow | null, string][] = [
    [null, 'BLOB_NOT_FOUND'],
    [{ ...row, state: 'processing' }, 'BLOB_NOT_FOUND'],
    [{ ...row, state: 'failed' }, 'BLOB_NOT_FOUND'],
    [{ ...row, state: 'erased' }, 'MEDIA_ERASED'],
  ]
  for (const [state, code] of states) {
    world.row = state
    world.nowMs += 1_000
    await assert.rejects(resolve({ id, key, name: '360p.m3u8' }), { code })
  }
})

test('alias path: what is written is read, and nothing else is an alias', () => {
  const parts = { id, key: aliasKey({ id, sourceSha256: 'f00d' }), name: 'master.m3u8' }
  const path = formatAliasPath(parts)
  assert.deepEqual(parseAliasPath(path), parts)
  for (const wrong of [`${path}x`, path.replace('.m3u8', '.html'), path.toUpperCase(), path.replace('/a/', '/m/'), `/a/${id}/master.m3u8`])
    assert.equal(parseAliasPath(wrong), null, wrong)
  assert.notEqual(aliasKey({ id, sourceSha256: 'beef' }), parts.key)
})
