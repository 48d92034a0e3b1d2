/** What a video encoder gives, before it is stored. */
import type { Keyframe } from './media.ts'

export interface EncodedSegment {
  readonly data: Uint8Array
  readonly durationSeconds: number
  /** Of a picture: where its keyframes are. */
  readonly keyframes?: readonly Keyframe[]
}

export interface EncodedTrack {
  readonly init: Uint8Array
  readonly segments: readonly EncodedSegment[]
  /** RFC 6381, for example `avc1.64001f` or `mp4a.40.2`. */
  readonly codecs: string
}

export interface EncodedRung extends EncodedTrack {
  readonly rung: number
}
