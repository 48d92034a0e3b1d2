import type { ErrorCode } from '../../domain/errors.ts'
import type { ImagePlan } from '../../domain/plans.ts'
import type { Development } from './develop.ts'

/** One at a time: the next is sent after the answer to the one before. */
export interface ToChild {
  readonly bytes: Uint8Array
  readonly plan: ImagePlan
}

export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly done: number }
  | { readonly kind: 'developed'; readonly development: Development }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly detail: string }
  /** A bug of ours. */
  | { readonly kind: 'broken'; readonly detail: string }
