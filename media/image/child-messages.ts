import type { ErrorCode } from '../../domain/errors.ts'
import type { ImagePlan } from '../../domain/plans.ts'
import type { Development } from './develop.ts'
import type { Rendering } from './render.ts'

/** One at a time: the next is sent after the answer to the one before. */
export type Job = DevelopJob | RenderJob | UnrollJob

export interface DevelopJob {
  readonly kind: 'develop'
  readonly bytes: Uint8Array
  readonly plan: ImagePlan
}

/** A picture's files, of which nothing is told. */
export interface RenderJob {
  readonly kind: 'render'
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
export type AnswerTo<J extends Job> = J extends DevelopJob ? Development : J extends RenderJob ? Rendering : null

/** Descriptors of the pipes beside the channel: a picture goes in and its files come out as they are, in no message. */
export const pipes = { source: 0, files: 4 } as const

/** A job as it is sent: how many bytes come by the pipe. */
export type ToChild = Sent<DevelopJob> | Sent<RenderJob> | Sent<UnrollJob>
type Sent<J extends Job> = Omit<J, 'bytes'> & { readonly bytes: number }

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly done: number }
  /** The files come by the pipe, one after another, so many bytes each. */
  | { readonly kind: 'files'; readonly sizes: readonly number[] }
  | { readonly kind: 'done'; readonly answer: Omit<Development, 'files'> | Omit<Rendering, 'files'> | null }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string }
  /** A bug of ours. */
  | { readonly kind: 'broken'; readonly detail: string }
