/** I-frame playlists (RFC 8216, section 4.3.3.6): the keyframes of a rung, for scrubbing. Pure. */
import type { Keyframe } from './media.ts'

export interface KeyframedSegment {
  readonly uri: string
  readonly keyframes: readonly Keyframe[]
}

/** One I-frame variant of a master playlist. */
export interface MasterIframes {
  readonly uri: string
  readonly width: number
  readonly height: number
  /** Of the picture alone. */
  readonly codecs: string
  readonly bandwidth: number
  readonly averageBandwidth: number
}

/** The playlist of the keyframes in `segments`, each as a range of its segment. */
export function iframePlaylist(input: { readonly initUri: string; readonly segments: readonly KeyframedSegment[] }): string {
  const frames = input.segments.flatMap(({ uri, keyframes }) => keyframes.map((frame) => ({ uri, frame })))
  const target = frames.reduce((most, { frame }) => Math.max(most, Math.round(frame.durationSeconds)), 1)
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:7',
    `#EXT-X-TARGETDURATION:${target}`,
    '#EXT-X-MEDIA-SEQUENCE:0',
    '#EXT-X-PLAYLIST-TYPE:VOD',
    '#EXT-X-I-FRAMES-ONLY',
    `#EXT-X-MAP:URI="${input.initUri}"`,
    ...frames.flatMap(({ uri, frame }) => [
      `#EXTINF:${frame.durationSeconds.toFixed(6)},`,
      `#EXT-X-BYTERANGE:${frame.bytes}@${frame.offset}`,
      uri,
    ]),
    '#EXT-X-ENDLIST\n',
  ].join('\n')
}

/** The master's line for an I-frame playlist. */
export function iframeLine({ uri, width, height, codecs, bandwidth, averageBandwidth }: MasterIframes): string {
  const attributes = [
    `BANDWIDTH=${Math.ceil(bandwidth)}`,
    `AVERAGE-BANDWIDTH=${Math.ceil(averageBandwidth)}`,
    `CODECS="${codecs}"`,
    `RESOLUTION=${width}x${height}`,
    `URI="${uri}"`,
  ]
  return `#EXT-X-I-FRAME-STREAM-INF:${attributes.join(',')}`
}
