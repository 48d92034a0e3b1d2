import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { createApiClient } from '../../workers/api-client.ts'
import { serveFolder } from './serve-folder.ts'
import { post } from './support/bodies.ts'
import { withoutKafka } from './support/encoders.ts'
import { playlistTree } from './support/files.ts'
import { newHome, type RunningInstance, startInstance } from './support/instance.ts'
import { layPlayers, openBrowser, play } from './support/player-page.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg', 'chromium')
const SECONDS = 8

let home: Awaited<ReturnType<typeof newHome>>
let running: RunningInstance
let browser: Browser
let pages: string
let server: Awaited<ReturnType<typeof serveFolder>>

before(async () => {
  if (skip) return
  home = await newHome()
  running = await startInstance(home.path, withoutKafka(tools))
  pages = await mkdtemp(join(tmpdir(), 'protected-'))
  await layPlayers(pages)
  server = await serveFolder(pages)
  browser = await openBrowser(tools.chromium ?? '')
})

after(async () => {
  await browser?.close()
  await server?.close()
  await running?.stop()
  await home?.remove()
  if (pages) await rm(pages, { recursive: true, force: true })
})

test('protected: an encrypted video plays through its signed address in hls.js, and nowhere without', { skip }, async () => {
  const { instance } = running
  const target = join(home.path, 'clip.mp4')
  const clip = await readFile(await makeSampleClip({ ffmpeg: tools.ffmpeg ?? '', target, seconds: SECONDS, width: 640, height: 360 }))
  const { body } = await post(instance, clip, 'video/mp4', '?preset=protected')
  const item = await createApiClient(instance.api, instance.apiKey).follow(String(body['id']), () => {})
  assert.equal(item.state, 'ready')
  assert.deepEqual([item.dash, item.mp4], [undefined, undefined], 'nothing is given out that is not encrypted')
  const hls = item.hls ?? ''
  assert.match(hls, /\/k\/[0-9a-z]{13}\.1\/\d{10}\.[0-9a-f]{32}\/master\.m3u8$/)

  const addresses = await playlistTree(hls)
  const keyUrl = addresses.find((address) => address.endsWith('/content.key')) ?? ''
  const key = await fetch(keyUrl)
  assert.deepEqual([key.status, (await key.arrayBuffer()).byteLength, key.headers.get('cache-control')], [200, 16, 'no-store'])
  const [segment = ''] = addresses.filter((address) => address.endsWith('.m4s'))
  const bytes = Buffer.from(await (await fetch(segment)).arrayBuffer())
  assert.equal(bytes.byteLength % 16, 0)
  assert.notEqual(bytes.toString('latin1', 4, 8), 'moof', 'a segment is not to be read as it lies')

  const spoilt = keyUrl.replace(/\.[0-9a-f]{32}\//, `.${'0'.repeat(32)}/`)
  assert.equal((await fetch(spoilt)).status, 403)
  assert.ok(!item.renditions.some(({ name }) => name.endsWith('.m3u8')), 'no playlist is told of that finds no key')
  const [poster] = item.renditions
  assert.equal((await fetch(new URL('content.key', poster?.url))).status, 404, 'beside what is open there is no key')

  const played = await play(browser, server.origin, 'hls.js', hls)
  assert.deepEqual(played.errors, [])
  assert.ok(Math.abs(played.duration - SECONDS) < 0.05 && played.frames > 50 && played.audioBytes > 10_000, JSON.stringify(played))
})
