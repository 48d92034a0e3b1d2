import type { Complexity } from '../domain/complexity.ts'
import type { Appearance, PrivateFacts, Rendition } from '../domain/media.ts'
import type { Loudness } from '../domain/loudness.ts'
import type { CheckpointStore } from '../domain/ports.ts'
import type { StoredChunk, StoredLead, StoredTrack } from '../domain/video-pieces.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

export interface StoredPoster extends Partial<Appearance> {
  readonly renditions: readonly Rendition[]
  readonly blurhash: string
  readonly fingerprint?: string
}

/** What each sub-step of a video leaves in the catalog for the assembly. */
interface Results {
  facts: PrivateFacts
  audio: StoredTrack
  'audio:ahead': StoredTrack
  poster: StoredPoster
  loudness: Loudness | null
  captions: { readonly tracks: number }
  lead: StoredLead
  complexity: { readonly complexity: Complexity | null }
  storyboard: { readonly files: { readonly sheet: Rendition; readonly index: Rendition } | null }
  mp4: { readonly file: Rendition | null }
  [chunk: `chunk:${number}`]: StoredChunk
  [sound: `sound:${number}`]: { readonly track: StoredTrack | null }
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
    /** The result where the step is finished, else null. */
    async peek<K extends keyof Results>(step: K): Promise<Results[K] | null> {
      return ((await checkpoints.finished(mediaId, version, step)) ?? null) as Results[K] | null
    },
    async finished<K extends keyof Results>(step: K): Promise<Results[K]> {
      const result = await checkpoints.finished(mediaId, version, step)
      if (result === undefined) throw new Error(`${mediaId}: step ${step} has not been done`)
      return result as Results[K]
    },
  }
}
