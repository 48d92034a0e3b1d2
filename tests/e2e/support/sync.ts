/** How far sound is behind picture as a player shows them: a clip whose flashes and beeps come together, measured in the page. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../../../domain/limits.ts'
import { planVideo } from '../../../domain/plan-video.ts'
import { createVideoStudio } from '../../../media/video/studio.ts'
import { serveFolder } from '../serve-folder.ts'
import { layVideo } from './lay-video.ts'
import { attach, layPlayers, openBrowser, type PlayerName } from './player-page.ts'
import { littlePreset } from '../../../bench/video/clips.ts'

const run = promisify(execFile)
/** A flash of three frames at every whole second but the first: 25 frames a second never keep step with a screen of 60. */
const FLASH = 'gte(t,0.99)*lt(mod(t+0.001,1),0.1)'

export interface SyncContext {
  readonly tools: { readonly [name in 'ffmpeg' | 'ffprobe' | 'chromium']?: string | undefined }
  /** An empty folder. */
  readonly scratch: string
  /** Length of the clip. */
  readonly seconds: number
}

/** Sound behind picture, milliseconds: the median over the clip's beeps. */
export interface Offset {
  readonly way: string
  readonly offsetMs: number
  readonly beeps: number
}

const worklet = `registerProcessor('onsets', class extends AudioWorkletProcessor {
  silentFor = sampleRate
  process([input]) {
    const samples = input[0]
    if (!samples) return true
    for (let at = 0; at < samples.length; at++) {
      if (Math.abs(samples[at]) < 0.05) this.silentFor++
      else {
        if (this.silentFor > sampleRate / 3) this.port.postMessage((currentFrame + at) / sampleRate)
        this.silentFor = 0
      }
    }
    return true
  }
})`

/**
 * A frame tells its time in the media itself. A beep is heard on the clock of the graph that the sound is led through;
 * how far the media's clock is from that is looked at every few milliseconds, so that neither a slow machine nor a
 * screen's refresh has a part in the result.
 */
const page = `<!doctype html><video playsinline width="320"></video><script src="./shaka.js"></script><script type="module">
${attach}
const [player, url] = decodeURIComponent(location.hash.slice(1)).split(' ')
const video = document.querySelector('video')
const [errors, frames, beeps, clocks] = [[], [], [], []]
const canvas = new OffscreenCanvas(8, 8)
const context2d = canvas.getContext('2d', { willReadFrequently: true })
const audio = new AudioContext({ sampleRate: 48000 })
await audio.audioWorklet.addModule('./onsets.js')
const onsets = new AudioWorkletNode(audio, 'onsets')
onsets.port.onmessage = ({ data }) => beeps.push(data)
audio.createMediaElementSource(video).connect(onsets).connect(audio.destination)
const seen = (_, { mediaTime }) => {
  context2d.drawImage(video, 0, 0, 8, 8)
  frames.push([mediaTime, context2d.getImageData(4, 4, 1, 1).data[0]])
  video.requestVideoFrameCallback(seen)
}
video.requestVideoFrameCallback(seen)
const canPlay = new Promise((resolve) => video.addEventListener('canplaythrough', resolve, { once: true }))
await attach(video, player, url, errors)
await canPlay
await audio.resume()
const ended = new Promise((resolve) => video.addEventListener('ended', resolve, { once: true }))
await video.play()
const looks = setInterval(() => clocks.push([audio.currentTime, video.currentTime]), 4)
await ended
clearInterval(looks)
window.measured = { frames, beeps, clocks, errors }
</script>`

interface Measured {
  /** Time in the media and brightness. */
  readonly frames: readonly (readonly [number, number])[]
  /** On the graph's clock. */
  readonly beeps: readonly number[]
  /** The graph's clock and the media's. */
  readonly clocks: readonly (readonly [number, number])[]
  readonly errors: readonly string[]
}

/** Lays the clip in all its forms into `folder` and gives the addresses of each. */
async function layWays({ tools, scratch, seconds }: SyncContext, folder: string) {
  const { ffmpeg = 'ffmpeg', ffprobe = 'ffprobe' } = tools
  const make = async (...args: string[]) => await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', ...args], { cwd: folder })
  const picture = `color=c=black:s=320x180:r=25:d=${seconds},drawbox=c=white:t=fill:enable='${FLASH}'`
  const sound = `aevalsrc='0.8*sin(2*PI*1000*t)*gte(t,1)*lt(mod(t,1),0.1)':s=48000:d=${seconds}`
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-g', '50', '-c:a', 'aac', '-b:a', '128k']
  await make('-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound, ...codecs, '-movflags', '+faststart', 'clip.mp4')
  const split = ['-f', 'hls', '-hls_time', '4', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4']
  const named = [
    '-master_pl_name',
    'split.m3u8',
    '-hls_fmp4_init_filename',
    'split-%v-init.mp4',
    '-hls_segment_filename',
    'split-%v-%d.m4s',
  ]
  const groups = ['-var_stream_map', 'a:0,agroup:sound,default:yes v:0,agroup:sound']
  await make('-i', 'clip.mp4', '-map', '0:v', '-map', '0:a', ...codecs, ...split, ...named, ...groups, 'split-%v.m3u8')
  const clip = join(folder, 'clip.mp4')
  const studio = createVideoStudio({ ffmpeg, ffprobe, scratch: join(scratch, 'studio'), limits })
  const { probe } = await studio.probe(clip, 'video/mp4')
  await layVideo(studio, clip, planVideo(probe, littlePreset(4), { filter: null }), folder)
}

/** Measures each way: `clip.mp4`, our `master.m3u8` and `manifest.mpd`, and ffmpeg's own `split.m3u8`. */
export async function measureSync(
  context: SyncContext,
  ways: readonly { readonly way: string; readonly player: PlayerName; readonly url: string }[],
): Promise<Offset[]> {
  const folder = join(context.scratch, 'sync')
  await mkdir(folder)
  await layWays(context, folder)
  await layPlayers(folder)
  await writeFile(join(folder, 'sync.html'), page)
  await writeFile(join(folder, 'onsets.js'), worklet)
  const server = await serveFolder(folder)
  const browser = await openBrowser(context.tools.chromium ?? 'chromium')
  try {
    const offsets: Offset[] = []
    for (const { way, player, url } of ways) {
      const tab = await browser.newPage()
      await tab.goto(`${server.origin}/sync.html#${player} ${url}`)
      await tab.waitForFunction('window.measured', undefined, { timeout: 90_000 })
      offsets.push({ way, ...offsetOf((await tab.evaluate('window.measured')) as Measured) })
      await tab.close()
    }
    return offsets
  } finally {
    await browser.close()
    await server.close()
  }
}

/** What a page saw, as one number: each beep against the flash nearest to it. */
function offsetOf({ frames, beeps, clocks, errors }: Measured): Pick<Offset, 'offsetMs' | 'beeps'> {
  if (errors.length > 0) throw new Error(`the player says: ${errors.join(', ')}`)
  const flashes = frames.filter(([, luma], at) => luma > 128 && (frames[at - 1]?.[1] ?? 0) <= 128).map(([time]) => time)
  const distances = beeps.flatMap((heardAt) => {
    const near = clocks.filter(([graph]) => Math.abs(graph - heardAt) < 0.5)
    const beep = heardAt + median(near.map(([graph, media]) => media - graph))
    const [nearest] = flashes.toSorted((a, b) => Math.abs(a - beep) - Math.abs(b - beep))
    return nearest === undefined || Math.abs(beep - nearest) > 0.4 ? [] : [(beep - nearest) * 1000]
  })
  return { offsetMs: median(distances), beeps: distances.length }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
