/** What the sub-steps of a video leave in the catalog: where each piece was stored and how long it plays. */
import type { Keyframe, StoredFile } from './media.ts'

/** A stored media segment and how long it plays. */
export interface StoredSegment extends StoredFile {
  readonly durationSeconds: number
  /** Of a picture: where its keyframes are. */
  readonly keyframes?: readonly Keyframe[]
  /** Initialization vector of one that is encrypted. */
  readonly iv?: string
}

export interface StoredTrack {
  readonly init: StoredFile
  readonly segments: readonly StoredSegment[]
  readonly codecs: string
}

export interface StoredChunk {
  readonly rungs: readonly {
    readonly rung: number
    readonly codecs: string
    /** SHA-256 of ftyp+moov: every chunk of a rung must have the same, since players are given only one. */
    readonly initSha256: string
    /** Stored with the first chunk only. */
    readonly init?: StoredFile
    readonly segments: readonly StoredSegment[]
  }[]
}

/** What a video can be played from first, and what a playlist has to know while the rest is encoded. */
export interface StoredLead {
  /** The first chunk in the low rungs. */
  readonly chunk: StoredChunk
  /** The first segments of the sound; the same ones begin the whole track. */
  readonly audio: StoredTrack | null
  /** The whole ladder, largest first. */
  readonly rungs: readonly { readonly index: number; readonly name: string; readonly width: number; readonly height: number }[]
  readonly fps: number
  /** How many chunks there will be. */
  readonly chunks: number
}

/** What is there of a video at a moment. */
export interface VideoPieces {
  readonly lead: StoredLead
  /** Finished chunks from the first one on, without a hole. */
  readonly chunks: readonly StoredChunk[]
  /** A longer beginning of the sound than the lead's. */
  readonly ahead?: StoredTrack | null
  /** The whole sound, once it is there. */
  readonly audio: StoredTrack | null
}
