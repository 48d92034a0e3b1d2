import type { ErrorCode } from '../../domain/errors.ts'
import type { ImagePlan } from '../../domain/plans.ts'
import type { Development } from './develop.ts'

/** One at a time: the next is sent after the answer to the one before. */
export type ToChild = DevelopJob | UnrollJob

export interface DevelopJob {
  readonly kind: 'develop'
  readonly bytes: Uint8Array
  readonly plan: ImagePlan
}

/** An animation's frames into a file. */
export interface UnrollJob {
  readonly kind: 'unroll'
  readonly bytes: Uint8Array
  readonly file: string
}

/** What each job is answered with. */
export type AnswerTo<Job extends ToChild> = Job extends DevelopJob ? Development : null

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'done'; readonly answer: Development | null }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string }
  /** A bug of ours. */
  | { readonly kind: 'broken'; readonly detail: string }
