import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { PrivateFacts } from '../../domain/media.ts'
import type { CaptionsTrack, SoundAside, SoundTrack, VideoAlpha, VideoColour, VideoProbe } from '../../domain/plans.ts'
import { audioDecoders, videoDecoders } from './command.ts'
import { privateFacts } from './private-facts.ts'

/** The part of ffprobe's JSON that is read; every field may be missing or odd, since files are. */
interface Described {
  readonly streams?: readonly DescribedStream[]
  readonly packets?: readonly { readonly stream_index?: number; readonly pts_time?: string; readonly duration_time?: string }[]
  readonly format?: { readonly duration?: string; readonly size?: string; readonly tags?: Record<string, string> }
}
interface DescribedStream {
  readonly index: number
  readonly codec_type?: string
  readonly codec_name?: string
  readonly width?: number
  readonly height?: number
  readonly pix_fmt?: string
  readonly codec_tag_string?: string
  readonly profile?: string
  readonly level?: number
  readonly sample_aspect_ratio?: string
  readonly r_frame_rate?: string
  readonly avg_frame_rate?: string
  readonly start_time?: string
  readonly duration?: string
  readonly nb_frames?: string
  readonly field_order?: string
  readonly color_space?: string
  readonly color_transfer?: string
  readonly color_range?: string
  readonly channels?: number
  readonly disposition?: Record<string, number>
  readonly tags?: Record<string, string>
  readonly side_data_list?: readonly { readonly side_data_type?: string; readonly rotation?: number }[]
}

/** ffprobe prints the codec's name, which is not always its decoder's. */
const codecs = {
  video: new Set<string>(videoDecoders),
  audio: new Set(audioDecoders.map((name) => ({ amrnb: 'amr_nb', amrwb: 'amr_wb' })[name as string] ?? name)),
}
/** A rate that only says how fine the clock ticks is no frame rate; then it is the average that counts. */
const FPS_BELIEVED_MAX = 60.5
/** Variable rates with a low average still have bursts: screen recordings, slow connections. */
const FPS_VARIABLE_MIN = 30

/**
 * A video as it is displayed, out of ffprobe's JSON, with the tags' private facts.
 * MEDIA_CORRUPT without sizes or a duration, MEDIA_NO_VIDEO, MEDIA_TYPE_UNSUPPORTED for a codec that is not
 * listed, MEDIA_TOO_COSTLY for more streams or bits a second than the limits. Where `lengthMayLack` the duration is 0 without one.
 */
export function readProbe(
  json: string,
  limits: Pick<Limits, 'videoStreamsMax' | 'videoBitsPerSecondMax' | 'captionTracksMax' | 'soundTracksMax'>,
  { lengthMayLack = false } = {},
): { probe: VideoProbe; facts: PrivateFacts } {
  const described = JSON.parse(json) as Described
  const streams = described.streams ?? []
  if (streams.length > limits.videoStreamsMax) throw new MediaError('MEDIA_TOO_COSTLY', undefined, { facts: { streams: streams.length } })
  const pictures = streams.filter((stream) => stream.codec_type === 'video' && !stream.disposition?.['attached_pic'])
  const video = preferred(films(pictures))
  if (!video) throw new MediaError('MEDIA_NO_VIDEO', undefined, { facts: { streams: streams.length } })
  if (!codecs.video.has(video.codec_name ?? '')) {
    throw new MediaError('MEDIA_TYPE_UNSUPPORTED', undefined, { facts: { codec: video.codec_name ?? 'unknown' } })
  }
  const size = displaySize(video)
  const durationSeconds =
    positive(video.duration) ?? clockSeconds(video.tags) ?? positive(described.format?.duration) ?? (lengthMayLack ? 0 : null)
  if (!size || durationSeconds === null) {
    throw new MediaError('MEDIA_CORRUPT', undefined, {
      facts: { width: video.width ?? 0, height: video.height ?? 0, duration: video.duration ?? '' },
    })
  }
  const bitsPerSecond = ((positive(described.format?.size) ?? 0) * 8) / Math.max(1, durationSeconds)
  if (durationSeconds > 0 && bitsPerSecond > limits.videoBitsPerSecondMax) {
    throw new MediaError('MEDIA_TOO_COSTLY', undefined, { facts: { bitsPerSecond } })
  }
  const sounds = streams.filter(
    (stream) => stream.codec_type === 'audio' && codecs.audio.has(stream.codec_name ?? '') && (stream.channels ?? 0) > 0,
  )
  const audio = preferred(sounds.filter((stream) => asideOf(stream) === null)) ?? preferred(sounds)
  const others = audio ? otherSounds(sounds, audio, limits.soundTracksMax - 1) : []
  const captions = captionsOf(streams, limits.captionTracksMax)
  const colour = colourOf(video)
  const alpha = alphaOf(video)
  return {
    probe: {
      durationMs: Math.round(durationSeconds * 1000),
      ...size,
      fps: fpsOf(video),
      startSeconds: finite(video.start_time) ?? 0,
      videoCodec: video.codec_name ?? '',
      videoStreamIndex: video.index,
      audio: audio ? soundOf(audio) : null,
      ...(others.length === 0 ? {} : { otherSounds: others }),
      ...(isPlainH264(video) && colour === null ? { plainH264: true } : {}),
      ...(captions.length === 0 ? {} : { captions }),
      ...(colour === null ? {} : { colour }),
      ...(/^(tt|bb|tb|bt)$/.test(video.field_order ?? '') ? { interlaced: true } : {}),
      ...(alpha === null ? {} : { alpha }),
    },
    facts: privateFacts(described.format?.tags ?? {}, video.tags ?? {}),
  }
}

/** Levels that phones' decoders take, as Apple's authoring rules have it. */
const H264_LEVEL_MAX = 42

/** What the stream says of itself; whether its groups are closed only its packets tell. Several parameter sets would make it avc3. */
function isPlainH264(stream: DescribedStream): boolean {
  const { codec_name, codec_tag_string, pix_fmt, level = 99, profile = '', field_order, side_data_list = [] } = stream
  const square = (ratio(stream.sample_aspect_ratio, ':') ?? 1) === 1
  const even = (stream.width ?? 1) % 2 === 0 && (stream.height ?? 1) % 2 === 0
  const steady = stream.r_frame_rate === stream.avg_frame_rate
  const known = /^(Constrained Baseline|Main|High)$/.test(profile) && level <= H264_LEVEL_MAX
  const progressive = field_order === undefined || field_order === 'progressive' || field_order === 'unknown'
  const upright = side_data_list.every(({ rotation }) => rotation === undefined)
  return (
    codec_name === 'h264' &&
    codec_tag_string === 'avc1' &&
    pix_fmt === 'yuv420p' &&
    known &&
    square &&
    even &&
    steady &&
    progressive &&
    upright
  )
}

/** Codecs of text that can be shown as WebVTT: pictures of text cannot. */
const captionCodecs = new Set(['mov_text', 'subrip', 'webvtt', 'ass', 'ssa', 'text'])

/** The text tracks, the first of each language; those for what is only partly foreign come last. */
function captionsOf(streams: readonly DescribedStream[], tracksMax: number): CaptionsTrack[] {
  const tracks = new Map<string, CaptionsTrack>()
  const texts = streams.filter((stream) => stream.codec_type === 'subtitle' && captionCodecs.has(stream.codec_name ?? ''))
  for (const stream of texts.toSorted((a, b) => (a.disposition?.['forced'] ?? 0) - (b.disposition?.['forced'] ?? 0))) {
    const language = languageOf(stream.tags)
    if (!tracks.has(language)) tracks.set(language, { streamIndex: stream.index, language })
  }
  return [...tracks.values()].slice(0, tracksMax)
}

/** ISO 639-2, as containers have it, or a whole tag, in BCP 47's form. */
function languageOf(tags: Record<string, string> = {}): string {
  const text = Object.entries(tags).find(([key]) => key.toLowerCase() === 'language')?.[1] ?? ''
  try {
    const [language = ''] = /^[A-Za-z0-9-]{2,35}$/.test(text) ? Intl.getCanonicalLocales(text) : []
    return language === '' ? 'und' : language
  } catch {
    return 'und'
  }
}

function soundOf(stream: DescribedStream): NonNullable<VideoProbe['audio']> {
  const language = languageOf(stream.tags)
  return {
    streamIndex: stream.index,
    codec: stream.codec_name ?? '',
    channels: stream.channels ?? 0,
    ...(language === 'und' ? {} : { language }),
  }
}

/**
 * The first sound with frames of each language and kind, besides `first`: a second one of a kind is the same sound for
 * other loudspeakers.
 */
function otherSounds(sounds: readonly DescribedStream[], first: DescribedStream, tracksMax: number): SoundTrack[] {
  const kindOf = (stream: DescribedStream) => `${languageOf(stream.tags)} ${asideOf(stream)}`
  const known = new Map([[kindOf(first), first]])
  for (const stream of sounds.filter(hasFrames)) if (!known.has(kindOf(stream))) known.set(kindOf(stream), stream)
  return [...known.values()].slice(1, tracksMax + 1).map((stream) => {
    const aside = asideOf(stream)
    return { streamIndex: stream.index, language: languageOf(stream.tags), ...(aside === null ? {} : { aside }) }
  })
}

/** Somebody who talks about the film, or tells what is to be seen: not the film's own sound. */
function asideOf({ disposition = {} }: DescribedStream): SoundAside | null {
  if (disposition['comment'] === 1) return 'commentary'
  return disposition['visual_impaired'] === 1 || disposition['descriptions'] === 1 ? 'description' : null
}

function hasFrames(stream: DescribedStream): boolean {
  return stream.nb_frames !== '0' && stream.duration !== '0.000000'
}

/** The track a player would choose: the default one, else the first, of those that have frames. */
function preferred(streams: readonly DescribedStream[]): DescribedStream | undefined {
  const filled = streams.filter(hasFrames)
  return filled.find((stream) => stream.disposition?.['default'] && stream.pix_fmt !== 'unknown') ?? filled[0]
}

/** A track of stills beside a film has far fewer frames than it. */
const FILM_FRAMES_SHARE = 0.5

/**
 * Of several pictures those that may be the film, the largest first: others are smaller copies of it for slow machines, or a
 * few stills that the camera took meanwhile. What cannot be decoded comes last.
 */
function films(pictures: readonly DescribedStream[]): DescribedStream[] {
  const framesOf = ({ nb_frames }: DescribedStream) => positive(nb_frames) ?? Infinity
  const known = pictures.map(framesOf).filter(Number.isFinite)
  const pixelsOf = ({ codec_name = '', width = 0, height = 0 }: DescribedStream) => (codecs.video.has(codec_name) ? width * height : 0)
  const moving = pictures.filter((stream) => stream.nb_frames === '0' || framesOf(stream) >= Math.max(...known, 0) * FILM_FRAMES_SHARE)
  return moving.toSorted((a, b) => pixelsOf(b) - pixelsOf(a))
}

/** Pixels as shown: widened by the sample aspect ratio, then turned by the display matrix. */
function displaySize(stream: DescribedStream): { width: number; height: number } | null {
  const { width = 0, height = 0 } = stream
  if (width <= 0 || height <= 0) return null
  const wide = Math.max(1, Math.round(width * (ratio(stream.sample_aspect_ratio, ':') ?? 1)))
  const turns = stream.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0
  const quarter = Math.abs(Math.abs(turns % 180) - 90) < 1
  return quarter ? { width: height, height: wide } : { width: wide, height }
}

/**
 * Frames per second that shows every frame: the stream's base rate when it can be one, else the average.
 */
function fpsOf(stream: DescribedStream): number {
  const base = ratio(stream.r_frame_rate, '/')
  const average = ratio(stream.avg_frame_rate, '/')
  if (average === null) return base !== null && base <= FPS_BELIEVED_MAX ? base : FPS_VARIABLE_MIN
  if (base !== null && base <= FPS_BELIEVED_MAX && base >= average * 0.9) return base
  const steady = base !== null && Math.abs(base - average) < average * 0.02
  return steady ? average : Math.max(average, Math.min(FPS_VARIABLE_MIN, base ?? FPS_VARIABLE_MIN))
}

/**
 * Which matrix the source's YUV has, or which HDR curve; null for BT.709 of limited range, also where
 * pictures of HD size do not say. Smaller pictures without a tag are BT.601, as players assume.
 */
function colourOf(stream: DescribedStream): VideoColour | null {
  if (stream.color_transfer === 'smpte2084') return 'pq'
  if (stream.color_transfer === 'arib-std-b67') return 'hlg'
  const space = stream.color_space ?? 'unknown'
  if (space === 'bt2020nc' || space === 'bt2020c') return 'bt2020'
  if (space === 'smpte170m' || space === 'bt470bg') return 'bt601'
  if (space === 'unknown' && Math.min(stream.width ?? 0, stream.height ?? 0) < 720) return 'bt601'
  return stream.color_range === 'pc' ? 'full' : null
}

/** Matroska says beside the picture that there is transparency, elsewhere the pixel format does. */
function alphaOf({ codec_name, pix_fmt, tags = {} }: DescribedStream): VideoAlpha | null {
  const beside = Object.entries(tags).some(([key, value]) => key.toLowerCase() === 'alpha_mode' && value === '1')
  if (beside && codec_name === 'vp8') return 'vpx8'
  if (beside && codec_name === 'vp9') return 'vpx9'
  return /^(yuva|gbrap|rgba|bgra|argb|abgr|ya8|ya16)/.test(pix_fmt ?? '') ? 'plain' : null
}

/** Matroska's tag of a track's length, `00:00:09.017000000`, in seconds. */
function clockSeconds(tags: Record<string, string> = {}): number | null {
  const text = Object.entries(tags).find(([key]) => key.toLowerCase() === 'duration')?.[1]
  const [, hours, minutes, seconds] = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text ?? '') ?? []
  return seconds === undefined ? null : positive(`${Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)}`)
}

function ratio(text: string | undefined, separator: ':' | '/'): number | null {
  const [above, below] = (text ?? '').split(separator).map(Number)
  return above && below && above > 0 && below > 0 ? above / below : null
}

function finite(text: string | undefined): number | null {
  const number = Number(text)
  return text !== undefined && Number.isFinite(number) ? number : null
}

function positive(text: string | undefined): number | null {
  const number = finite(text)
  return number !== null && number > 0 ? number : null
}

/**
 * When the last of the listed packets ends, seconds, or null when there is none. `csv` is ffprobe's listing
 * of presentation time and duration, in decoding order.
 */
export function endOfPackets(csv: string): number | null {
  return lastEnd(csv.split('\n').map((line) => line.split(',')))
}

function lastEnd(packets: readonly (readonly (string | undefined)[])[]): number | null {
  let end: number | null = null
  for (const [time, duration] of packets) {
    const begins = time ? finite(time) : null
    if (begins !== null) end = Math.max(end ?? begins, begins + (finite(duration) ?? 0))
  }
  return end
}

/** As {@link endOfPackets}, of one stream of a description that lists its last packets; null also where it says no more after `packetsMax` of them. */
export function endInDescription(json: string, streamIndex: number, packetsMax: number): number | null {
  const { packets = [] } = JSON.parse(json) as Described
  if (packets.length >= packetsMax) return null
  const own = packets.filter(({ stream_index }) => stream_index === streamIndex)
  return lastEnd(own.map(({ pts_time, duration_time }) => [pts_time, duration_time]))
}
