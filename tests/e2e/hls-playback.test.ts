import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser } from 'playwright-core'
import { limits } from '../../domain/limits.ts'
import { captionsPlaylist, masterWithCaptions } from '../../domain/hls.ts'
import { planVideo } from '../../domain/plan-video.ts'
import { standard } from '../../domain/presets/standard.ts'
import { parseWebVtt, segmentWebVtt } from '../../domain/webvtt.ts'
import { makeSampleClip } from '../../media/sample/clip.ts'
import { createVideoStudio } from '../../media/video/studio.ts'
import { serveFolder } from './serve-folder.ts'
import { layVideo } from './support/lay-video.ts'
import { lintItem } from './support/lint-item.ts'
import { layPlayers, openBrowser, play, type Played, type PlayerName } from './support/player-page.ts'

const tools = JSON.parse(process.env['DARKROOM_TOOLS'] ?? '{}') as Record<string, string | undefined>
const ffmpeg = tools['ffmpeg'] ?? 'ffmpeg'
const ffprobe = tools['ffprobe'] ?? 'ffprobe'
const SECONDS = 10

let folder: string
let server: Awaited<ReturnType<typeof serveFolder>>
let browser: Browser

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hls-playback-'))
  const plain = await makeSampleClip({ ffmpeg, target: join(folder, 'plain.mp4'), seconds: SECONDS, width: 640, height: 360 })
  const clip = join(folder, 'source.mp4')
  const second = ['-f', 'lavfi', '-i', `sine=f=700:d=${SECONDS}`, '-map', '0', '-map', '1', '-c:v', 'copy', '-c:a', 'aac']
  const languages = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=ger']
  execFileSync(ffmpeg, ['-v', 'error', '-i', plain, ...second, ...languages, clip])
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(folder, 'scratch'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  const plan = planVideo(probe, { ...standard, video: { ...standard.video, chunkSeconds: 4 } }, { filter: null })
  assert.ok(plan.chunks.length >= 2)
  await layVideo(studio, clip, plan, folder)
  await layCaptions()
  await layPlayers(folder)
  server = await serveFolder(folder)
  browser = await openBrowser(tools['chromium'] ?? '/usr/bin/chromium')
})

after(async () => {
  await browser?.close()
  await server?.close()
  await rm(folder, { recursive: true, force: true })
})

/** One cue in each of two segments, put into the playlists as a finished film gets them. */
async function layCaptions(): Promise<void> {
  const cues = parseWebVtt('WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n\n00:07.500 --> 00:08.000\nWelt\n', limits)
  const parts = segmentWebVtt(cues, SECONDS * 1000, 6)
  for (const [at, { text }] of parts.entries()) await writeFile(join(folder, `captions.${at}.vtt`), text)
  const listed = parts.map(({ durationSeconds }, at) => ({ uri: `captions.${at}.vtt`, durationSeconds }))
  await writeFile(join(folder, 'captions.m3u8'), captionsPlaylist(listed))
  const master = join(folder, 'master.m3u8')
  const captions = [{ uri: 'captions.m3u8', label: 'German', language: 'de' }]
  await writeFile(master, masterWithCaptions(await readFile(master, 'utf8'), captions))
}

const playIn = async (player: PlayerName, name: string) => await play(browser, server.origin, player, name)

/** Both rungs, one piece of buffer, time that goes forward, sound, and a seek that arrives. */
function assertOneStream(played: Played): void {
  assert.deepEqual(played.errors, [])
  assert.ok(played.levels === 2 || played.levels === 4, `rungs, or rungs with each sound: ${played.levels}`)
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
}

test('hls playback: what is laid out has no fault by the rules of HLS and DASH', async () => {
  assert.deepEqual(await lintItem({ hls: `${server.origin}/master.m3u8`, dash: `${server.origin}/manifest.mpd` }), [])
})

test('hls playback: hls.js plays the chunks as one stream, from end to end without a hole, with its captions', async () => {
  const played = await playIn('hls.js', 'master.m3u8')
  assertOneStream(played)
  assert.deepEqual(played.sounds, ['English', 'German'])
  assert.deepEqual(played.cues, ['Hallo at 1', 'Welt at 7.5'])
})

test('dash playback: shaka-player plays the same segments through the manifest', async () => {
  const played = await playIn('shaka', 'manifest.mpd')
  assertOneStream(played)
  assert.deepEqual(played.sounds.toSorted(), ['de', 'en'])
})

test("hls playback: the browser's own player agrees", async (context) => {
  const probe = await browser.newPage()
  const able = await probe.evaluate("document.createElement('video').canPlayType('application/vnd.apple.mpegurl')")
  await probe.close()
  if (able === '') return context.skip('this browser has no player for HLS of its own')
  const played = await playIn('native', 'master.m3u8')
  assert.deepEqual(played.errors, [])
  assert.ok(Math.abs(played.duration - SECONDS) < 0.1, `duration ${played.duration}`)
  assert.ok((played.times.at(-1) ?? 0) > SECONDS - 0.5)
  assert.ok(played.audioBytes > 10_000)
})
