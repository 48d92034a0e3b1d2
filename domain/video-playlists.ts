/** The playlists of a video out of its stored pieces, finished or growing. Pure. */
import { iframePlaylist } from './hls-iframes.ts'
import { dashManifest } from './dash.ts'
import { frameRateOf } from './plan-video.ts'
import { type MasterCaptions, masterPlaylist, measureBandwidth, mediaPlaylist } from './hls.ts'
import type { StoredFile } from './media.ts'
import { soundName, type SoundTitle } from './sounds.ts'
import type { StoredChunk, StoredLead, StoredSegment, StoredTrack, VideoPieces } from './video-pieces.ts'

/** A sound that can be chosen. */
export interface PlayedSound {
  readonly title: SoundTitle
  readonly track: StoredTrack
}

/** How a playlist refers to a file. */
export type Reference = (file: StoredFile) => string

/** Channels that every sound is encoded with. */
const CHANNELS = 2
/** By which sound that is shown may be longer than the picture: its segments are of whole frames. */
const SOUND_SLACK_SECONDS = 0.25
/** Hertz of every sound. */
const SAMPLING_RATE = 48_000

/**
 * The segments that `chunks` have of a rung, behind the first one's init; null when the first chunk does not
 * have the rung yet. Chunks whose inits differ are a bug: players are given only one.
 */
export function joinChunks(chunks: readonly StoredChunk[], rung: number): StoredTrack | null {
  const pieces = chunks.map((chunk) => chunk.rungs.find((candidate) => candidate.rung === rung))
  const [first] = pieces
  if (!first?.init) return null
  const segments = pieces.flatMap((piece) => {
    if (piece?.initSha256 !== first.initSha256) throw new Error(`rung ${rung}: chunks do not share one init segment`)
    return piece.segments
  })
  return { init: first.init, segments, codecs: first.codecs }
}

/** The longest segment that a playlist may come to have while it grows, seconds: what segments are gathered to. */
const GROWING_TARGET_SECONDS = 6

/** The media playlist of a track: whole from the start, or one that has grown and has `ended` or will grow on. */
export function trackPlaylist(track: StoredTrack, reference: Reference, growth?: { readonly ended: boolean }): string {
  return mediaPlaylist({
    initUri: reference(track.init),
    segments: track.segments.map((segment) => ({
      uri: reference(segment),
      durationSeconds: segment.durationSeconds,
      ...(segment.iv === undefined ? {} : { iv: segment.iv }),
    })),
    ...(growth ? { growing: true, ended: growth.ended, targetSeconds: GROWING_TARGET_SECONDS } : {}),
  })
}

/** The I-frame playlist of a rung; null where its keyframes were not noted, as in chunks of earlier releases. */
export function keyframePlaylist(track: StoredTrack, reference: Reference): string | null {
  const segments = keyframed(track)
  if (!segments) return null
  return iframePlaylist({
    initUri: reference(track.init),
    segments: segments.map((segment) => ({ uri: reference(segment), keyframes: segment.keyframes })),
  })
}

function keyframed({ segments }: StoredTrack): (StoredSegment & Required<Pick<StoredSegment, 'keyframes'>>)[] | null {
  const all = segments.flatMap((segment) => (segment.keyframes ? [{ ...segment, keyframes: segment.keyframes }] : []))
  return all.length === segments.length ? all : null
}

/** The same tracks as a DASH manifest. */
export function dashOf(input: {
  readonly rungs: readonly { readonly name: string; readonly width: number; readonly height: number; readonly track: StoredTrack }[]
  readonly sounds: readonly PlayedSound[]
  readonly fps: number
  readonly durationMs: number
  readonly captions?: readonly { readonly language: string; readonly whole: StoredFile }[]
  readonly reference: Reference
}): string {
  const trackOf = (id: string, track: StoredTrack) => ({
    id,
    codecs: track.codecs,
    bandwidth: measureBandwidth(track.segments).bandwidth,
    initUri: input.reference(track.init),
    segments: track.segments.map((segment) => ({ uri: input.reference(segment), durationSeconds: segment.durationSeconds })),
  })
  return dashManifest({
    durationSeconds: input.durationMs / 1000,
    frameRate: frameRateOf(input.fps),
    rungs: input.rungs.map(({ name, width, height, track }) => ({ ...trackOf(name, track), width, height })),
    captions: (input.captions ?? []).map(({ language, whole }) => ({ language, uri: input.reference(whole) })),
    audio: input.sounds.map(({ title: { language, aside }, track }, at) => ({
      ...trackOf(soundName(at), track),
      samplingRate: SAMPLING_RATE,
      ...(language === undefined ? {} : { language }),
      ...(aside ? { aside } : {}),
    })),
  })
}

/** The master over rungs with their tracks; bit rates are measured on the segments that are there. */
export function ladderPlaylist(input: {
  readonly rungs: readonly {
    readonly uri: string
    readonly width: number
    readonly height: number
    readonly track: StoredTrack
    readonly iframesUri?: string
    readonly range?: 'pq' | 'hlg'
  }[]
  readonly sounds: readonly (PlayedSound & { readonly uri: string })[]
  readonly captions?: readonly MasterCaptions[]
  readonly fps: number
}): string {
  const [first] = input.sounds
  const rates = input.sounds.map(({ track }) => measureBandwidth(track.segments))
  // A variant is to say what it takes with whichever sound of the group is chosen.
  const sound = {
    bandwidth: Math.max(0, ...rates.map(({ bandwidth }) => bandwidth)),
    averageBandwidth: Math.max(0, ...rates.map(({ averageBandwidth }) => averageBandwidth)),
  }
  // Said of all or of none: what is left out is SDR.
  const mixed = input.rungs.some(({ range }) => range !== undefined)
  return masterPlaylist({
    rungs: input.rungs.map(({ uri, width, height, track, range }) => {
      const picture = measureBandwidth(track.segments)
      return {
        uri,
        width,
        height,
        fps: input.fps,
        codecs: first ? `${track.codecs},${first.track.codecs}` : track.codecs,
        bandwidth: picture.bandwidth + sound.bandwidth,
        averageBandwidth: picture.averageBandwidth + sound.averageBandwidth,
        ...(mixed ? { range: ({ pq: 'PQ', hlg: 'HLG', sdr: 'SDR' } as const)[range ?? 'sdr'] } : {}),
      }
    }),
    audio: input.sounds.map(({ title, uri }) => ({ ...title, uri, channels: CHANNELS })),
    captions: input.captions ?? [],
    iframes: input.rungs.flatMap(({ iframesUri, width, height, track }) => {
      const segments = keyframed(track)
      return iframesUri && segments
        ? [{ uri: iframesUri, width, height, codecs: track.codecs, ...measureBandwidth(segments.flatMap(({ keyframes }) => keyframes)) }]
        : []
    }),
  })
}

/**
 * A playlist of a video that is still being encoded, by its name; null when there is none of that name yet.
 * `master.m3u8` names what can be played now; the others are EVENT playlists of the segments up to the first
 * that is missing, and ended as soon as none is: the finished video's segments, each in its place.
 */
export function livePlaylist(name: string, pieces: VideoPieces, reference: Reference): string | null {
  const { lead } = pieces
  const sound = pieces.audio ?? pieces.ahead ?? lead.audio
  if (name === 'master.m3u8') return liveMaster(pieces, sound)
  if (name === 'audio.m3u8') {
    const ended = pieces.audio !== null && pieces.chunks.length === lead.chunks
    return sound && trackPlaylist(ended ? sound : besidePicture(sound, pieces), reference, { ended })
  }
  const rung = lead.rungs.find((candidate) => `${candidate.name}.m3u8` === name)
  const track = rung && liveTrack(pieces, rung.index)
  return track ? trackPlaylist(track, reference, { ended: pieces.chunks.length === lead.chunks }) : null
}

/**
 * The sound as far as there is a picture to it. Players go on for seconds with sound alone, and then find themselves behind
 * the end of a playlist that has not grown.
 */
function besidePicture(sound: StoredTrack, { lead, chunks }: VideoPieces): StoredTrack {
  const rung = lead.chunk.rungs[0]?.rung
  const picture = (rung === undefined ? null : liveTrack({ lead, chunks }, rung))?.segments ?? []
  const end = picture.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) + SOUND_SLACK_SECONDS
  let seconds = 0
  const segments = sound.segments.filter(({ durationSeconds }, at) => (seconds += durationSeconds) <= end || at === 0)
  return { ...sound, segments }
}

function liveMaster(pieces: VideoPieces, sound: StoredTrack | null): string {
  const { lead } = pieces
  return ladderPlaylist({
    rungs: lead.rungs.flatMap(({ index, name, width, height }) => {
      const track = liveTrack(pieces, index)
      return track ? [{ uri: `${name}.m3u8`, width, height, track }] : []
    }),
    sounds: sound ? [{ uri: 'audio.m3u8', track: sound, title: { label: 'Sound' } }] : [],
    fps: lead.fps,
  })
}

/** The first chunk has the low rungs before it has them all. */
function liveTrack({ lead, chunks }: { readonly lead: StoredLead; readonly chunks: readonly StoredChunk[] }, rung: number) {
  return joinChunks(chunks.length > 0 ? chunks : [lead.chunk], rung)
}
