import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import type { Manifest, MediaRow, Rendition } from '../domain/media.ts'
import { contentKeysOf } from './content-keys.ts'
import { protectedFile } from './protected-files.ts'
import { formatProtectedPath, isGranted, parseProtectedPath, type ProtectedParts } from './protected-path.ts'

const secret = 'a secret of thirty-two characters'
const id = '01kq8z4v7g0j0' as MediaId
const until = 1_900_000_000
const before = (until - 60) * 1_000

const parsed = (path: string): ProtectedParts => {
  const parts = parseProtectedPath(path)
  assert.ok(parts, path)
  return parts
}
const addressOf = (name: string, version = 1) => parsed(formatProtectedPath(secret, { id, version, until, name }))

const file = (name: string): Rendition => ({
  name,
  type: 'application/vnd.apple.mpegurl',
  width: 2,
  height: 2,
  bytes: 1,
  locator: { volume: 1, alt: 1, cookie: '0'.repeat(16) },
})
const manifest: Manifest = {
  kind: 'video',
  version: 1,
  width: 2,
  height: 2,
  blurhash: '',
  renditions: [file('master.m3u8'), file('360p.m3u8')],
  parts: [],
  hls: 'master.m3u8',
  protection: 'aes-128',
}
const playlist = `#EXTM3U
#EXT-X-MAP:URI="../1.8000.00000000000000aa/360p-init.mp4"
#EXT-X-KEY:METHOD=AES-128,URI="content.key",IV=0x00
#EXTINF:6.0,
../1.9000.00000000000000bb/360p-0.m4s
`

async function served(parts: ProtectedParts, nowMs = before, row: Manifest | null = manifest): Promise<string> {
  const found = await protectedFile(
    parts,
    secret,
    nowMs,
    async () => row && ({ id, manifest: row } as unknown as MediaRow),
    async ({ name }) => new TextEncoder().encode(name === 'master.m3u8' ? '#EXTM3U\n../1.7.00000000000000cc/360p.m3u8\n' : playlist),
  )
  return Buffer.from(found.body).toString(parts.name === 'content.key' ? 'hex' : 'utf8')
}

const refused = (code: string) => (error: unknown) => error instanceof MediaError && error.code === code

test('protected: an address holds for its item, version and time, and for nothing else', () => {
  const parts = addressOf('master.m3u8')
  assert.ok(isGranted(secret, parts, before))
  assert.ok(isGranted(secret, { ...parts, name: 'content.key' }, before), 'the signature goes along with what is beside it')
  assert.ok(!isGranted(secret, parts, until * 1_000), 'it has ended')
  for (const other of [
    { ...parts, version: 2 },
    { ...parts, until: until + 1 },
    { ...parts, id: '01kq8z4v7g0j1' as MediaId },
  ])
    assert.ok(!isGranted(secret, other, before))
  assert.ok(!isGranted(`${secret}!`, parts, before))
})

test('protected: what is not exactly an address is none', () => {
  const path = formatProtectedPath(secret, { id, version: 1, until, name: 'master.m3u8' })
  for (const odd of [`${path}/`, path.replace('/k/', '/K/'), path.replace('master.m3u8', 'poster.jpg'), path.replace('.1/', '.01/')])
    assert.equal(parseProtectedPath(odd), null, odd)
})

test('protected: playlists lead to one another and to the key under the signature, and to segments at their own addresses', async () => {
  assert.equal(await served(addressOf('master.m3u8')), '#EXTM3U\n360p.m3u8\n')
  assert.equal(await served(addressOf('360p.m3u8')), playlist.replaceAll('../1.', `/m/${id}.1/1.`))
})

test('protected: the key is the one that the segments were made with, and another for each item and version', async () => {
  const keys = contentKeysOf(secret)
  assert.equal(await served(addressOf('content.key')), Buffer.from(keys.keyOf(id, 1)).toString('hex'))
  assert.equal(keys.keyOf(id, 1).byteLength, 16)
  assert.notDeepEqual(keys.keyOf(id, 1), keys.keyOf(id, 2))
  assert.notDeepEqual(keys.keyOf(id, 1), keys.keyOf('01kq8z4v7g0j1' as MediaId, 1))
})

test('protected: nothing is told where the address has ended, the item is not encrypted, or the version is another', async () => {
  await assert.rejects(served(addressOf('content.key'), until * 1_000), refused('GRANT_ENDED'))
  const { protection: _, ...open } = manifest
  await assert.rejects(served(addressOf('content.key'), before, open), refused('BLOB_NOT_FOUND'))
  await assert.rejects(served(addressOf('content.key', 2)), refused('BLOB_NOT_FOUND'))
  await assert.rejects(served(addressOf('content.key'), before, null), refused('BLOB_NOT_FOUND'))
  await assert.rejects(served(addressOf('720p.m3u8')), refused('BLOB_NOT_FOUND'))
})
