/** HLS playlists as text (RFC 8216). Pure: measuring and storing are others' business. */
import { iframeLine, type MasterIframes } from './hls-iframes.ts'
import type { SoundAside } from './plans.ts'

/** One variant: a rung together with the audio rendition it is played with. */
export interface MasterRung {
  readonly uri: string
  readonly width: number
  readonly height: number
  readonly fps: number
  /** RFC 6381, comma-separated, of every track played: video and audio. */
  readonly codecs: string
  /** Measured peak of video and audio together, bits per second. */
  readonly bandwidth: number
  readonly averageBandwidth: number
  readonly range?: 'SDR' | 'PQ' | 'HLG'
}

export interface MasterAudio {
  readonly uri: string
  readonly channels: number
  /** What a player's menu shows; no two of a master have the same. */
  readonly label: string
  /** BCP 47; left out where it is not known. */
  readonly language?: string
  readonly aside?: SoundAside
}

/** Captions in one language. */
export interface MasterCaptions {
  readonly uri: string
  readonly label: string
  /** BCP 47; `und` is not said. */
  readonly language: string
}

export interface PlaylistSegment {
  readonly uri: string
  readonly durationSeconds: number
  /** Initialization vector, 32 hex digits, of one that is encrypted. */
  readonly iv?: string
}

export interface MeasuredSegment {
  readonly bytes: number
  readonly durationSeconds: number
}

/** Where a playlist finds the key of its segments: beside itself, where only a signed address has it. */
export const CONTENT_KEY_NAME = 'content.key'

/** A segment shorter than this share of the longest one says nothing of a peak: section 4.3.4.2 counts 0.5 to 1.5 target durations. */
const PEAK_SHARE_MIN = 0.5

/**
 * Peak and average bit rate of a track's segments in bits per second, as section 4.3.4.2 defines them for
 * BANDWIDTH (the largest of any run of segments of 0.5 to 1.5 target durations) and AVERAGE-BANDWIDTH.
 */
export function measureBandwidth(segments: readonly MeasuredSegment[]): { readonly bandwidth: number; readonly averageBandwidth: number } {
  const target = targetDuration(segments)
  let peak = 0
  for (const first of segments.keys()) {
    let runBytes = 0
    let runSeconds = 0
    for (const segment of segments.slice(first)) {
      runBytes += segment.bytes
      runSeconds += segment.durationSeconds
      if (runSeconds > target * 1.5) break
      if (runSeconds >= target * PEAK_SHARE_MIN || segments.length === 1) peak = Math.max(peak, (runBytes * 8) / runSeconds)
    }
  }
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  const seconds = segments.reduce((sum, segment) => sum + segment.durationSeconds, 0)
  const average = seconds > 0 ? (bytes * 8) / seconds : 0
  return { bandwidth: Math.ceil(Math.max(peak, average)), averageBandwidth: Math.ceil(average) }
}

/**
 * The master playlist: rungs in the order given (the first one is what many players start with), all with
 * the one group of sounds when there are any; the first of them is what is heard unless another is chosen.
 * Section 4.3.4.2 wants BANDWIDTH, AVERAGE-BANDWIDTH and CODECS of a variant to include the audio it is played with.
 */
export function masterPlaylist(input: {
  readonly rungs: readonly MasterRung[]
  readonly audio?: readonly MasterAudio[]
  readonly captions?: readonly MasterCaptions[]
  readonly iframes?: readonly MasterIframes[]
}): string {
  const { rungs, audio = [], captions = [], iframes = [] } = input
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS']
  for (const [at, sound] of audio.entries()) lines.push(soundLine(sound, at === 0))
  lines.push(...captions.map(captionsLine))
  for (const rung of rungs) {
    const attributes = [
      `BANDWIDTH=${Math.ceil(rung.bandwidth)}`,
      `AVERAGE-BANDWIDTH=${Math.ceil(rung.averageBandwidth)}`,
      `CODECS="${rung.codecs}"`,
      `RESOLUTION=${rung.width}x${rung.height}`,
      `FRAME-RATE=${rung.fps.toFixed(3)}`,
      ...(rung.range ? [`VIDEO-RANGE=${rung.range}`] : []),
      // Section 4.3.4.2: without captions it has to be said, or players may look for them in the video.
      'CLOSED-CAPTIONS=NONE',
      ...(audio.length > 0 ? ['AUDIO="audio"'] : []),
      ...(captions.length > 0 ? [CAPTIONS_ATTRIBUTE] : []),
    ]
    lines.push(`${VARIANT_TAG}${attributes.join(',')}`, uriOf(rung.uri))
  }
  for (const variant of iframes) lines.push(iframeLine({ ...variant, uri: uriOf(variant.uri) }))
  return `${lines.join('\n')}\n`
}

/** Chosen without being asked for is only what is the film's own sound: in the language of whoever listens (section 4.3.4.1). */
function soundLine({ uri, channels, label, language, aside }: MasterAudio, isFirst: boolean): string {
  const attributes = [
    'TYPE=AUDIO',
    'GROUP-ID="audio"',
    `NAME="${label}"`,
    ...(language === undefined ? [] : [`LANGUAGE="${language}"`]),
    `DEFAULT=${isFirst ? 'YES' : 'NO'}`,
    `AUTOSELECT=${aside === 'commentary' && !isFirst ? 'NO' : 'YES'}`,
    ...(aside === 'description' ? ['CHARACTERISTICS="public.accessibility.describes-video"'] : []),
    `CHANNELS="${channels}"`,
    `URI="${uriOf(uri)}"`,
  ]
  return `#EXT-X-MEDIA:${attributes.join(',')}`
}

const CAPTIONS_ATTRIBUTE = 'SUBTITLES="captions"'
const CAPTIONS_TAG = '#EXT-X-MEDIA:TYPE=SUBTITLES,'
const VARIANT_TAG = '#EXT-X-STREAM-INF:'

function captionsLine({ uri, label, language }: MasterCaptions): string {
  const said = language === 'und' ? '' : `LANGUAGE="${language}",`
  return `${CAPTIONS_TAG}GROUP-ID="captions",NAME="${label}",${said}DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="${uriOf(uri)}"`
}

/** A master playlist of {@link masterPlaylist} with these captions in the place of those that it has. */
export function masterWithCaptions(master: string, captions: readonly MasterCaptions[]): string {
  const lines = master.split('\n').filter((line) => !line.startsWith(CAPTIONS_TAG))
  const first = lines.findIndex((line) => line.startsWith(VARIANT_TAG))
  const rest = lines.slice(first).map((line) => {
    if (!line.startsWith(VARIANT_TAG)) return line
    const plain = line.replace(`,${CAPTIONS_ATTRIBUTE}`, '')
    return captions.length > 0 ? `${plain},${CAPTIONS_ATTRIBUTE}` : plain
  })
  return [...lines.slice(0, first), ...captions.map(captionsLine), ...rest].join('\n')
}

/**
 * The media playlist of one track as fragmented MP4. `growing` says EVENT: a playlist that may only grow at its
 * end (section 4.3.3.5), for a video whose later chunks are being encoded; `ended` false leaves ENDLIST out. One
 * that has grown stays an EVENT when it ends: nothing but its end may change (section 6.2.1).
 * Version 7 for EXT-X-MAP outside I-frame playlists (section 7 asks 6; Apple's authoring rules 7 for fMP4).
 * `targetSeconds` has to be given while a playlist grows, since it must not change (section 6.2.1).
 */
export function mediaPlaylist(input: {
  readonly initUri: string
  readonly segments: readonly PlaylistSegment[]
  readonly ended?: boolean
  readonly growing?: boolean
  readonly targetSeconds?: number
}): string {
  const { initUri, segments, ended = true, growing = !ended } = input
  const target = Math.max(targetDuration(segments), Math.round(input.targetSeconds ?? 0))
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${target}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    `#EXT-X-PLAYLIST-TYPE:${growing ? 'EVENT' : 'VOD'}`,
    '#EXT-X-INDEPENDENT-SEGMENTS',
    `#EXT-X-MAP:URI="${uriOf(initUri)}"`,
  ]
  for (const { uri, durationSeconds, iv } of segments) {
    // Behind the map, which a key that came before would be taken to hold for (section 4.3.2.5).
    if (iv !== undefined) lines.push(`#EXT-X-KEY:METHOD=AES-128,URI="${CONTENT_KEY_NAME}",IV=0x${iv}`)
    lines.push(`#EXTINF:${durationSeconds.toFixed(6)},`, uriOf(uri))
  }
  if (ended) lines.push('#EXT-X-ENDLIST')
  return `${lines.join('\n')}\n`
}

/** The media playlist of captions: files of text, each for its stretch of time (section 3.5). */
export function captionsPlaylist(segments: readonly PlaylistSegment[]): string {
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${targetDuration(segments)}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    ...segments.flatMap(({ uri, durationSeconds }) => [`#EXTINF:${durationSeconds.toFixed(6)},`, uriOf(uri)]),
    '#EXT-X-ENDLIST\n',
  ].join('\n')
}

/** Section 4.3.3.1: no EXTINF, rounded to the nearest integer, may exceed it. At least 1. */
function targetDuration(segments: readonly { readonly durationSeconds: number }[]): number {
  return segments.reduce((most, segment) => Math.max(most, Math.round(segment.durationSeconds)), 1)
}

/** Section 4.2: a quoted string holds no quote, CR or LF; and a URI line must not look like a tag. */
function uriOf(uri: string): string {
  if (!/^[^\s"#][^\s"]*$/.test(uri)) throw new Error(`not a URI for a playlist: ${JSON.stringify(uri)}`)
  return uri
}
