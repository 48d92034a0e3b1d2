import assert from 'node:assert/strict'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'
import { masterPlaylist, measureBandwidth, mediaPlaylist } from '../../domain/hls.ts'
import { limits } from '../../domain/limits.ts'
import { planVideo } from '../../domain/plan-video.ts'
import type { EncodedTrack } from '../../domain/ports.ts'
import { standard } from '../../domain/presets/standard.ts'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { createVideoStudio } from '../../media/video/studio.ts'
import { serveFolder } from './serve-folder.ts'

const tools = JSON.parse(process.env['DARKROOM_TOOLS'] ?? '{}') as Record<string, string | undefined>
const ffmpeg = tools['ffmpeg'] ?? 'ffmpeg'
const ffprobe = tools['ffprobe'] ?? 'ffprobe'
const SECONDS = 10

let folder: string
let server: Awaited<ReturnType<typeof serveFolder>>
let browser: Browser

/** What the page tells after playing to the end. */
interface Played {
  readonly duration: number
  readonly buffered: readonly (readonly [number, number])[]
  readonly levels: number
  readonly frames: number
  readonly dropped: number
  readonly audioBytes: number
  readonly times: readonly number[]
  readonly seekedTo: number
  readonly errors: readonly string[]
}

const page = `<!doctype html><video muted playsinline></video><script type="module">
import Hls from './hls.mjs'
const native = location.hash === '#native'
const video = document.querySelector('video')
const [errors, times] = [[], []]
const happens = (name) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }))
video.addEventListener('timeupdate', () => times.push(video.currentTime))
video.addEventListener('error', () => errors.push('video: ' + video.error.message))
let levels = 0
if (native) video.src = 'master.m3u8'
else {
  const hls = new Hls({ enableWorker: false, startLevel: 0 })
  hls.on(Hls.Events.ERROR, (_, data) => errors.push(data.details))
  hls.on(Hls.Events.MANIFEST_PARSED, (_, data) => { levels = data.levels.length })
  hls.loadSource('master.m3u8')
  hls.attachMedia(video)
}
await happens('canplay')
video.playbackRate = 2
await video.play()
await happens('ended')
const buffered = Array.from({ length: video.buffered.length }, (_, at) => [video.buffered.start(at), video.buffered.end(at)])
const { totalVideoFrames: frames, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality()
const forward = [...times]
const seeked = happens('seeked')
video.currentTime = 3.5
await seeked
window.played = { duration: video.duration, buffered, levels, frames, dropped, audioBytes: video.webkitAudioDecodedByteCount, times: forward, seekedTo: video.currentTime, errors }
</script>`

/** Encodes the sample clip in chunks and lays its playlists and segments into the folder, as an origin would serve them. */
async function layHls(): Promise<void> {
  const clip = await makeSampleClip({ ffmpeg, target: join(folder, 'source.mp4'), seconds: SECONDS, width: 640, height: 360 })
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(folder, 'scratch'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const plan = planVideo(probe, { ...standard, video: { ...standard.video, chunkSeconds: 4 } }, { filter: null })
  assert.ok(plan.chunks.length >= 2)
  const chunks = []
  for (const chunk of plan.chunks) chunks.push(await studio.encodeChunk(clip, plan, chunk, {}))
  const audio = await layTrack('audio', [await studio.encodeAudio(clip, plan, {})])
  const rungs = []
  for (const rung of plan.rungs) {
    const track = await layTrack(
      rung.name,
      chunks.map((encoded) => encoded.find((candidate) => candidate.rung === rung.index)).filter((part) => part !== undefined),
    )
    rungs.push({
      uri: track.uri,
      width: rung.width,
      height: rung.height,
      fps: plan.fps,
      codecs: `${track.codecs},${audio.codecs}`,
      bandwidth: track.bandwidth + audio.bandwidth,
      averageBandwidth: track.averageBandwidth + audio.averageBandwidth,
    })
  }
  await writeFile(join(folder, 'master.m3u8'), masterPlaylist({ rungs, audio: { uri: audio.uri, channels: 2 } }))
}

async function layTrack(name: string, parts: readonly EncodedTrack[]) {
  const [first] = parts
  assert.ok(first)
  const segments = parts
    .flatMap((part) => part.segments)
    .map((segment, at) => ({ ...segment, uri: `${name}-${at}.m4s`, bytes: segment.data.byteLength }))
  await writeFile(join(folder, `${name}-init.mp4`), first.init)
  for (const segment of segments) await writeFile(join(folder, segment.uri), segment.data)
  await writeFile(join(folder, `${name}.m3u8`), mediaPlaylist({ initUri: `${name}-init.mp4`, segments }))
  return { uri: `${name}.m3u8`, codecs: first.codecs, ...measureBandwidth(segments) }
}

async function play(way: 'hls.js' | 'native'): Promise<Played> {
  const tab = await browser.newPage()
  try {
    await tab.goto(`${server.origin}/page.html${way === 'native' ? '#native' : ''}`)
    await tab.waitForFunction('window.played', undefined, { timeout: 60_000 })
    return (await tab.evaluate('window.played')) as Played
  } finally {
    await tab.close()
  }
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hls-playback-'))
  await layHls()
  await writeFile(join(folder, 'page.html'), page)
  await copyFile(join(fileURLToPath(import.meta.resolve('hls.js')), '../hls.mjs'), join(folder, 'hls.mjs'))
  server = await serveFolder(folder)
  browser = await chromium.launch({
    executablePath: tools['chromium'] ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required'],
  })
})

after(async () => {
  await browser?.close()
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

test('hls playback: hls.js plays the chunks as one stream, from end to end without a hole', async () => {
  const played = await play('hls.js')
  assert.deepEqual(played.errors, [])
  assert.equal(played.levels, 2)
  assert.ok(Math.abs(played.duration - SECONDS) < 0.05, `duration ${played.duration}`)
  assert.equal(played.buffered.length, 1, `buffered in pieces: ${JSON.stringify(played.buffered)}`)
  const [[from, to] = [NaN, NaN]] = played.buffered
  assert.ok(from < 0.001 && to > SECONDS - 0.05, `buffered ${from} to ${to}`)
  assert.ok(
    played.times.every((time, at) => at === 0 || time >= (played.times[at - 1] ?? 0)),
    'time goes forward',
  )
  assert.ok(new Set(played.times).size > 5)
  assert.ok(played.frames > 50)
  assert.ok(played.audioBytes > 10_000, 'the sound was decoded')
  assert.ok(Math.abs(played.seekedTo - 3.5) < 0.05)
})

test("hls playback: the browser's own player agrees", async (context) => {
  const probe = await browser.newPage()
  const able = await probe.evaluate("document.createElement('video').canPlayType('application/vnd.apple.mpegurl')")
  await probe.close()
  if (able === '') return context.skip('this browser has no player for HLS of its own')
  const played = await play('native')
  assert.deepEqual(played.errors, [])
  assert.ok(Math.abs(played.duration - SECONDS) < 0.1, `duration ${played.duration}`)
  assert.ok((played.times.at(-1) ?? 0) > SECONDS - 0.5)
  assert.ok(played.audioBytes > 10_000)
})
