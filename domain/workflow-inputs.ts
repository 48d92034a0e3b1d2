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

/** Temporal's limit for a fairness key, in bytes; a tenant's name is ASCII. */
const FAIRNESS_KEY_MAX = 64
const LATER = ':later'

/** Whose turn a tenant's work takes: keys share what there is of workers. */
export function fairnessKey(tenant: string): string {
  return tenant.slice(0, FAIRNESS_KEY_MAX)
}

/** The same for what may wait: a name holds no colon. */
export function laterKey(tenant: string): string {
  return `${tenant.slice(0, FAIRNESS_KEY_MAX - LATER.length)}${LATER}`
}

/** Typed search attributes, all Keyword: what an operator can find a workflow by. */
export const searchAttributeNames = ['mediaId', 'tenant', 'kind', 'stage'] as const
