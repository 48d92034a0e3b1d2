import type { PrivateFacts, Rendition, StoredFile } from '../domain/media.ts'
import type { CheckpointStore } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

/** A stored media segment and how long it plays. */
export interface StoredSegment extends StoredFile {
  readonly durationSeconds: number
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

export interface StoredPoster {
  readonly renditions: readonly Rendition[]
  readonly blurhash: string
}

/** What each sub-step of a video leaves in the catalog for the assembly. */
interface Results {
  facts: PrivateFacts
  audio: StoredTrack
  poster: StoredPoster
  [chunk: `chunk:${number}`]: StoredChunk
}

/**
 * Runs sub-steps of an item at most once to the end: what an earlier attempt finished is taken from the
 * catalog, so that a retry costs only what was in flight.
 */
export function videoSteps(checkpoints: CheckpointStore, { mediaId, version }: IngestInput) {
  return {
    async finish<K extends keyof Results>(step: K, result: Results[K]): Promise<void> {
      await checkpoints.finish(mediaId, version, step, result)
    },
    async once<K extends keyof Results>(step: K, work: () => Promise<Results[K]>): Promise<Results[K]> {
      const { result } = await checkpoints.begin(mediaId, version, step)
      if (result !== undefined) return result as Results[K]
      const fresh = await work()
      await checkpoints.finish(mediaId, version, step, fresh)
      return fresh
    },
    async finished<K extends keyof Results>(step: K): Promise<Results[K]> {
      const result = await checkpoints.finished(mediaId, version, step)
      if (result === undefined) throw new Error(`${mediaId}: step ${step} has not been done`)
      return result as Results[K]
    },
  }
}
