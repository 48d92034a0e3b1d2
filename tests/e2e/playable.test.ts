import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import type { Item } from '../../api/item.ts'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { createApiClient } from '../../workers/api-client.ts'
import { serveFolder } from './serve-folder.ts'
import { newHome, startInstance, type RunningInstance } from './support/instance.ts'
import { missing, tools } from './support/tools.ts'

const skip = missing('postgresBin', 'temporal', 'ffmpeg', 'chromium')
const SECONDS = 20

let home: Awaited<ReturnType<typeof newHome>>
let running: RunningInstance
let browser: Browser
let pages: string
let server: Awaited<ReturnType<typeof serveFolder>>
let clip: Buffer

/** What a page tells that began to play a playlist while it grew. */
interface Played {
  readonly duration: number
  readonly buffered: readonly (readonly [number, number])[]
  readonly times: readonly number[]
  readonly fatal: readonly string[]
  readonly wasLive: boolean
}

const page = `<!doctype html><video muted playsinline></video><script type="module">
import Hls from './hls.mjs'
const [way, url] = decodeURIComponent(location.hash.slice(1)).split(' ')
const video = document.querySelector('video')
const [fatal, times] = [[], []]
let wasLive = false
video.addEventListener('timeupdate', () => times.push(video.currentTime))
video.addEventListener('error', () => fatal.push('video: ' + video.error.message))
if (way === 'native') video.src = url
else {
  const hls = new Hls({ enableWorker: false, startPosition: 0 })
  hls.on(Hls.Events.LEVEL_UPDATED, (_, { details }) => { wasLive ||= details.live })
  hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) fatal.push(data.details) })
  hls.loadSource(url)
  hls.attachMedia(video)
}
const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }))
await new Promise((resolve) => video.addEventListener('canplay', resolve, { once: true }))
if (video.currentTime > 1) video.currentTime = 0
window.began = true
await video.play()
await ended
const buffered = Array.from({ length: video.buffered.length }, (_, at) => [video.buffered.start(at), video.buffered.end(at)])
window.played = { duration: video.duration, buffered, times, fatal, wasLive }
</script>`

before(async () => {
  if (skip) return
  home = await newHome()
  clip = await readFile(
    await makeSampleClip({ ffmpeg: tools.ffmpeg ?? '', target: join(home.path, 'clip.mp4'), seconds: SECONDS, width: 854, height: 480 }),
  )
  running = await startInstance(home.path)
  pages = await mkdtemp(join(tmpdir(), 'playable-'))
  await writeFile(join(pages, 'page.html'), page)
  await copyFile(join(fileURLToPath(import.meta.resolve('hls.js')), '../hls.mjs'), join(pages, 'hls.mjs'))
  server = await serveFolder(pages)
  browser = await chromium.launch({
    executablePath: tools.chromium ?? '',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required'],
  })
})

after(async () => {
  await browser?.close()
  await server?.close()
  await running?.stop()
  await home?.remove()
  if (pages) await rm(pages, { recursive: true, force: true })
})

/** Plays `url` from its beginning to its end in a page of its own. */
async function play(way: 'hls.js' | 'native', url: string): Promise<Played> {
  const tab = await browser.newPage()
  try {
    await tab.goto(`${server.origin}/page.html#${way} ${url}`)
    await tab.waitForFunction('window.played', undefined, { timeout: 150_000 })
    return (await tab.evaluate('window.played')) as Played
  } finally {
    await tab.close()
  }
}

/** Every segment that a media playlist at `url` names, whatever redirects lead to it. */
async function segmentsOf(url: string): Promise<{ text: string; segments: string[] }> {
  const response = await fetch(url)
  assert.equal(response.status, 200, url)
  const text = await response.text()
  const segments = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return { text, segments: segments.map((line) => new URL(line, response.url).href) }
}

test('playable: who starts while chunks are encoded plays on to the end of the finished video, without a gap', { skip }, async () => {
  const client = createApiClient(running.instance.api, running.instance.apiKey)
  const accepted = await client.upload(clip, 'video/mp4')
  const playable = Promise.withResolvers<Item>()
  const ready = client.follow(accepted.id, (item) => {
    if (item.state === 'playable') playable.resolve(item)
    else if (item.state !== 'processing') playable.reject(new Error(`it was never playable: ${item.state}`))
  })
  const early = await playable.promise
  assert.match(early.hls ?? '', /\/a\/[0-9a-z]{13}\.[0-9a-f]{16}\/master\.m3u8$/)
  assert.ok(early.poster && early.blurhash && early.width === 854)
  const first = await segmentsOf(new URL('360p.m3u8', early.hls).href)
  assert.match(first.text, /#EXT-X-PLAYLIST-TYPE:EVENT/)
  assert.doesNotMatch(first.text, /ENDLIST/)
  const [byScript, item] = await Promise.all([play('hls.js', early.hls ?? ''), ready])
  // Chromium's own player takes no playlist that grows; the alias leads it to the finished one.
  const byBrowser = await play('native', early.hls ?? '')
  assert.equal(item.state, 'ready')
  assert.equal(byScript.wasLive, true, 'it began before the end was there')
  for (const [way, played] of Object.entries({ byScript, byBrowser })) {
    assert.deepEqual(played.fatal, [], way)
    assert.ok(Math.abs(played.duration - SECONDS) < 0.1, `${way}: ${played.duration}`)
    assert.ok((played.times[0] ?? NaN) < 1.5, `${way} begins at ${played.times[0]}`)
    assert.ok((played.times.at(-1) ?? 0) > SECONDS - 0.6, `${way} ends at ${played.times.at(-1)}`)
    assert.ok(
      played.times.every((time, at) => at === 0 || (time >= (played.times[at - 1] ?? 0) && time - (played.times[at - 1] ?? 0) < 1.5)),
      `${way}: time goes forward without a leap: ${played.times.join(' ')}`,
    )
  }
  const last = await segmentsOf(new URL('360p.m3u8', early.hls).href)
  assert.match(last.text, /#EXT-X-ENDLIST/)
  assert.deepEqual(last.segments.slice(0, first.segments.length), first.segments, 'what was told early is still told')
  assert.equal((await fetch(new URL('master.m3u8', early.hls))).url, item.hls, 'the alias leads to the finished one')
  const events = await fetch(new URL(`../${early.id}.0000000000000000/master.m3u8`, early.hls))
  assert.equal(events.status, 404, 'without its key an alias is not found')
})
