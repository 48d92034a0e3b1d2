/** A page that plays one address in the player named, and what it tells. */
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'

/** hls.js; Chromium's own player of HLS and MP4; shaka-player, of DASH here. */
export type PlayerName = 'hls.js' | 'native' | 'shaka'

/** What the page tells after playing to the end. */
export interface Played {
  readonly duration: number
  readonly buffered: readonly (readonly [number, number])[]
  readonly levels: number
  readonly frames: number
  readonly dropped: number
  readonly audioBytes: number
  readonly times: readonly number[]
  readonly seekedTo: number
  /** Of the sounds to choose from: hls.js tells their names, shaka their languages. */
  readonly sounds: readonly string[]
  /** Of the first captions, as hls.js was told to show. */
  readonly cues: readonly string[]
  readonly errors: readonly string[]
}

/** Script that has `video` play `url` in `player` and gives the number of levels to choose from. */
export const attach = `
const sounds = { names: [], choose: null, showCaptions: null }
async function attach(video, player, url, errors) {
  if (player === 'hls.js') {
    const { default: Hls } = await import('./hls.mjs')
    const hls = new Hls({ enableWorker: false, startLevel: 0, maxBufferLength: 60 })
    hls.on(Hls.Events.ERROR, (_, data) => errors.push(data.details))
    const parsed = new Promise((resolve) => hls.on(Hls.Events.MANIFEST_PARSED, (_, data) => resolve(data.levels.length)))
    hls.loadSource(url)
    hls.attachMedia(video)
    const levels = await parsed
    sounds.names = hls.audioTracks.map(({ name }) => name)
    sounds.showCaptions = () => {
      if (hls.subtitleTracks.length > 0) [hls.subtitleTrack, hls.subtitleDisplay] = [0, true]
    }
    sounds.choose = (index) => {
      const switched = new Promise((resolve) => hls.once(Hls.Events.AUDIO_TRACK_SWITCHED, resolve))
      hls.audioTrack = index
      return switched
    }
    return levels
  }
  if (player === 'shaka') {
    const shaka = new window.shaka.Player()
    shaka.addEventListener('error', ({ detail }) => errors.push('shaka: ' + detail.code + ' ' + detail.message))
    await shaka.attach(video)
    shaka.configure({ streaming: { bufferingGoal: 60 } })
    await shaka.load(url)
    sounds.names = shaka.getAudioTracks().map(({ language }) => language)
    return shaka.getVariantTracks().length
  }
  video.src = url
  return 0
}`

const page = `<!doctype html><video muted playsinline></video><script src="./shaka.js"></script><script type="module">
${attach}
const [player, url] = decodeURIComponent(location.hash.slice(1)).split(' ')
const video = document.querySelector('video')
const [errors, times] = [[], []]
const happens = (name) => new Promise((resolve) => video.addEventListener(name, resolve, { once: true }))
video.addEventListener('timeupdate', () => times.push(video.currentTime))
video.addEventListener('error', () => errors.push('video: ' + video.error.message))
const canPlay = happens('canplay')
const levels = await attach(video, player, url, errors)
await canPlay
sounds.showCaptions?.()
video.playbackRate = 2
await video.play()
await happens('ended')
const buffered = Array.from({ length: video.buffered.length }, (_, at) => [video.buffered.start(at), video.buffered.end(at)])
const { totalVideoFrames: frames, droppedVideoFrames: dropped } = video.getVideoPlaybackQuality()
const forward = [...times]
const seeked = happens('seeked')
video.currentTime = 3.5
await seeked
if (sounds.choose && sounds.names.length > 1) await sounds.choose(sounds.names.length - 1)
const cues = [...video.textTracks].flatMap(({ cues }) => [...(cues ?? [])].map(({ text, startTime }) => text + ' at ' + startTime))
window.played = { sounds: sounds.names, cues, duration: video.duration, buffered, levels, frames, dropped, audioBytes: video.webkitAudioDecodedByteCount, times: forward, seekedTo: video.currentTime, errors }
</script>`

/** Lays the page and its players into a folder. */
export async function layPlayers(folder: string): Promise<void> {
  const modules: Readonly<Record<string, string>> = {
    'hls.mjs': join(fileURLToPath(import.meta.resolve('hls.js')), '../hls.mjs'),
    'shaka.js': fileURLToPath(import.meta.resolve('shaka-player/dist/shaka-player.compiled.js')),
  }
  for (const [name, path] of Object.entries(modules)) await copyFile(path, join(folder, name))
  await writeFile(join(folder, 'page.html'), page)
}

/** A browser without a screen that may begin to play of itself. */
export async function openBrowser(executablePath: string): Promise<Browser> {
  return await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--autoplay-policy=no-user-gesture-required'],
  })
}

/** Plays `url`, an address as the page at `origin` sees it, to its end. */
export async function play(browser: Browser, origin: string, player: PlayerName, url: string): Promise<Played> {
  const tab = await browser.newPage()
  try {
    await tab.goto(`${origin}/page.html#${player} ${url}`)
    await tab.waitForFunction('window.played', undefined, { timeout: 60_000 })
    return (await tab.evaluate('window.played')) as Played
  } finally {
    await tab.close()
  }
}
