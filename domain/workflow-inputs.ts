import type { Edits } from './edits.ts'
import type { MediaId } from './ids.ts'
import type { MediaKind } from './media.ts'
import type { SourceType } from './plans.ts'
import type { Variant } from './variant.ts'

/** Input of workflow `ingest`: ids and names only, never bytes (a payload's limit is 2 MiB). */
export interface IngestInput {
  readonly mediaId: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly sourceType: SourceType
  readonly preset: string
  readonly filter: string | null
  readonly edits?: Edits
  readonly version: number
}

/** Input of workflow `erase`. */
export interface EraseInput {
  readonly mediaId: MediaId
  readonly tenant: string
  readonly version: number
}

/** Input of workflow `recaption`. */
export interface RecaptionInput {
  readonly mediaId: MediaId
  readonly tenant: string
}

/** Sent to workflow `recaption` when there are other captions than before. */
export const CAPTIONS_CHANGED = 'captions-changed'

/** Input of workflow `variants`: those of one version of a ready item, made from one decode. */
export interface VariantsInput {
  readonly mediaId: MediaId
  readonly tenant: string
  readonly version: number
  readonly variants: readonly Variant[]
}

/** Task queues by what they cost: workflows and light steps, image decoding, video encoding, and the care of volumes, where they lie. */
export const taskQueues = {
  control: 'darkroom-control',
  image: 'darkroom-image',
  video: 'darkroom-video',
  volumes: 'darkroom-volumes',
} as const

/** Typed search attributes, all Keyword: what an operator can find a workflow by. */
export const searchAttributeNames = ['mediaId', 'tenant', 'kind', 'stage'] as const
