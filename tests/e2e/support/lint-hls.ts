/**
 * A checker of HLS as it is served, by RFC 8216 and Apple's authoring rules: what it gives is a list of faults.
 * It reads playlists with a reader of its own, so that it shares no mistake with the writer.
 */
import { rulesOf } from './lint-codecs.ts'
import { readFragments, readInit } from './read-segment.ts'

export interface Fetcher {
  text(url: string): Promise<string>
  whole(url: string): Promise<Buffer>
  /** Size of a file in bytes. */
  bytes(url: string): Promise<number>
  /** The first bytes of a range of a file. */
  head(url: string, offset: number): Promise<Buffer>
}

interface Segment {
  readonly url: string
  readonly seconds: number
  readonly range?: { readonly bytes: number; readonly offset: number }
}

interface Playlist {
  readonly lines: readonly string[]
  readonly init: string
  readonly segments: readonly Segment[]
  readonly seconds: number
}

const TARGET_SECONDS_MAX = 6
const GOP_SECONDS_MAX = 2.1
const FPS_MAX = 60
const RATE_SLACK = 0.1

export async function lintHls(master: string, fetcher: Fetcher): Promise<string[]> {
  const faults: string[] = []
  const lines = (await fetcher.text(master)).split('\n')
  if (lines[0] !== '#EXTM3U') faults.push('master: does not begin with EXTM3U')
  if (!lines.includes('#EXT-X-INDEPENDENT-SEGMENTS')) faults.push('master: segments are not said to be independent')
  const media = lines.filter((line) => line.startsWith('#EXT-X-MEDIA:')).map(attributesOf)
  const sounds = media.filter((attributes) => attributes['TYPE'] === 'AUDIO')
  if (sounds.length > 0 && sounds.filter((attributes) => attributes['DEFAULT'] === 'YES').length !== 1)
    faults.push('master: not one sound is the default')
  if (new Set(sounds.map((attributes) => attributes['NAME'])).size < sounds.length) faults.push('master: two sounds have one name')
  let [audio, sound]: [Playlist | null, { peak: number; average: number }] = [null, { peak: 0, average: 0 }]
  for (const { URI = '' } of sounds) {
    const one = await readPlaylist(new URL(URI, master).href, fetcher, faults)
    const rates = await ratesOf(one, fetcher)
    if (audio && one.seconds !== audio.seconds) faults.push(`${URI}: ${one.seconds} s, the first sound ${audio.seconds} s`)
    audio ??= one
    sound = { peak: Math.max(sound.peak, rates.peak), average: Math.max(sound.average, rates.average) }
  }
  const grids = new Set<string>()
  const variants = lines.flatMap((line, at) =>
    line.startsWith('#EXT-X-STREAM-INF:') ? [{ attributes: attributesOf(line), uri: lines[at + 1] ?? '' }] : [],
  )
  if (variants.length === 0) faults.push('master: no variant')
  for (const { attributes, uri } of variants) {
    for (const name of ['BANDWIDTH', 'AVERAGE-BANDWIDTH', 'CODECS', 'RESOLUTION', 'FRAME-RATE'])
      if (attributes[name] === undefined) faults.push(`${uri}: no ${name}`)
    if (Number(attributes['FRAME-RATE']) > FPS_MAX) faults.push(`${uri}: more than ${FPS_MAX} frames a second`)
    const codecs = attributes['CODECS'] ?? ''
    for (const fault of rulesOf(codecs).faultsOf(codecs)) faults.push(`${uri}: ${fault}`)
    if (audio && attributes['AUDIO'] === undefined) faults.push(`${uri}: names no sound`)
    const playlist = await readPlaylist(new URL(uri, master).href, fetcher, faults)
    grids.add(playlist.segments.map(({ seconds }) => seconds.toFixed(3)).join(' '))
    if (audio && Math.abs(audio.seconds - playlist.seconds) > 0.1)
      faults.push(`${uri}: ${playlist.seconds} s, the sound ${audio.seconds} s`)
    await lintMedia(uri, codecs, playlist, fetcher, faults)
    const { peak, average } = await ratesOf(playlist, fetcher)
    compareRate(faults, `${uri}: BANDWIDTH`, Number(attributes['BANDWIDTH']), peak + sound.peak)
    compareRate(faults, `${uri}: AVERAGE-BANDWIDTH`, Number(attributes['AVERAGE-BANDWIDTH']), average + sound.average)
  }
  if (grids.size > 1) faults.push('master: rungs are not cut at the same times')
  const iframes = lines.filter((line) => line.startsWith('#EXT-X-I-FRAME-STREAM-INF:')).map(attributesOf)
  if (iframes.length === 0) faults.push('master: no I-frame playlist')
  for (const attributes of iframes) await lintIframes(new URL(attributes['URI'] ?? '', master).href, fetcher, faults)
  return faults
}

/** What is in the segments of a picture: times that go on from one to the next, as long as is said, and an IDR every two seconds. */
async function lintMedia(
  uri: string,
  codecs: string,
  { init, segments, lines }: Playlist,
  fetcher: Fetcher,
  faults: string[],
): Promise<void> {
  const name = uri.split('/').at(-1)
  // Nothing can be said of what is in there without the key.
  if (lines.some((line) => line.startsWith('#EXT-X-KEY:'))) return
  const { timescale, sampleTicks } = readInit(await fetcher.whole(init))
  let next: number | null = null
  for (const [at, { url, seconds }] of segments.entries()) {
    const fragments = readFragments(await fetcher.whole(url), sampleTicks)
    for (const { startTicks, ticks, first } of fragments) {
      if (next !== null && startTicks !== next) faults.push(`${name}: segment ${at} begins at ${startTicks} where ${next} was due`)
      if (!rulesOf(codecs).isRefresh(first)) faults.push(`${name}: a fragment of segment ${at} does not begin with an IDR`)
      if (ticks > GOP_SECONDS_MAX * timescale) faults.push(`${name}: ${ticks / timescale} s without an IDR in segment ${at}`)
      next = startTicks + ticks
    }
    const long = fragments.reduce((sum, { ticks }) => sum + ticks, 0) / timescale
    if (Math.abs(long - seconds) > 0.001) faults.push(`${name}: segment ${at} is ${long} s long, said to be ${seconds}`)
  }
}

async function lintIframes(url: string, fetcher: Fetcher, faults: string[]): Promise<void> {
  const name = url.split('/').at(-1)
  const { lines, segments } = await readPlaylist(url, fetcher, faults)
  if (!lines.includes('#EXT-X-I-FRAMES-ONLY')) faults.push(`${name}: not said to be I-frames only`)
  for (const { url: segment, seconds, range } of segments) {
    if (seconds > GOP_SECONDS_MAX) faults.push(`${name}: ${seconds} s between keyframes`)
    if (!range) faults.push(`${name}: a keyframe without a range`)
    else if ((await fetcher.head(segment, range.offset)).toString('latin1', 4, 8) !== 'moof')
      faults.push(`${name}: a range that does not begin with a fragment`)
    else if (range.offset + range.bytes > (await fetcher.bytes(segment))) faults.push(`${name}: a range beyond its segment`)
  }
}

async function readPlaylist(url: string, fetcher: Fetcher, faults: string[]): Promise<Playlist> {
  const name = url.split('/').at(-1)
  const lines = (await fetcher.text(url)).split('\n')
  const tag = (wanted: string) => lines.find((line) => line.startsWith(`${wanted}:`))?.slice(wanted.length + 1)
  const segments: Segment[] = []
  let seconds: number | null = null
  let range: Segment['range']
  for (const line of lines) {
    const [, bytes, offset] = /^#EXT-X-BYTERANGE:(\d+)@(\d+)$/.exec(line) ?? []
    if (line.startsWith('#EXTINF:')) seconds = Number.parseFloat(line.slice(8))
    else if (bytes !== undefined) range = { bytes: Number(bytes), offset: Number(offset) }
    else if (line !== '' && !line.startsWith('#')) {
      if (seconds === null) faults.push(`${name}: a segment without EXTINF`)
      segments.push({ url: new URL(line, url).href, seconds: seconds ?? 0, ...(range ? { range } : {}) })
      seconds = null
    }
  }
  const target = Number(tag('#EXT-X-TARGETDURATION'))
  if (!(target <= TARGET_SECONDS_MAX)) faults.push(`${name}: target duration ${target}`)
  if (segments.some((segment) => Math.round(segment.seconds) > target)) faults.push(`${name}: a segment longer than the target`)
  if (!(Number(tag('#EXT-X-VERSION')) >= 7)) faults.push(`${name}: version too low for fragmented MP4`)
  const init = /URI="([^"]+)"/.exec(tag('#EXT-X-MAP') ?? '')?.[1]
  if (init === undefined) faults.push(`${name}: no init segment`)
  if (tag('#EXT-X-PLAYLIST-TYPE') !== 'VOD' || !lines.includes('#EXT-X-ENDLIST')) faults.push(`${name}: not a finished VOD playlist`)
  return { lines, init: new URL(init ?? '', url).href, segments, seconds: segments.reduce((sum, segment) => sum + segment.seconds, 0) }
}

async function ratesOf({ segments, seconds }: Playlist, fetcher: Fetcher): Promise<{ peak: number; average: number }> {
  const longest = Math.max(...segments.map((segment) => segment.seconds))
  let [peak, bits] = [0, 0]
  for (const segment of segments) {
    const own = (await fetcher.bytes(segment.url)) * 8
    bits += own
    if (segment.seconds >= longest / 2) peak = Math.max(peak, own / segment.seconds)
  }
  return { peak, average: bits / seconds }
}

function compareRate(faults: string[], what: string, said: number, measured: number): void {
  if (!(Math.abs(said - measured) <= measured * RATE_SLACK)) faults.push(`${what} is ${said}, measured ${Math.round(measured)}`)
}

/** An attribute list (section 4.2) without its quotes. */
function attributesOf(line: string): Record<string, string> {
  const pairs = line.slice(line.indexOf(':') + 1).matchAll(/([A-Z0-9-]+)=("[^"]*"|[^,]*)/g)
  return Object.fromEntries([...pairs].map(([, name = '', value = '']) => [name, value.replaceAll('"', '')]))
}
