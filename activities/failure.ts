import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { codeOf, errorTable, isRetryable } from '../domain/errors.ts'

/** The detail every failure of ours carries through Temporal: what an item's error is made of. */
export interface FailureDetail {
  readonly code: string
  readonly title: string
}

/**
 * Turns any thrown value into Temporal's form: the code becomes the failure's type, the table decides
 * whether it may be retried. A cancellation stays one. This is the only place where that happens.
 */
export function toFailure(error: unknown): Error {
  if (error instanceof CancelledFailure || error instanceof ApplicationFailure) return error
  const code = codeOf(error)
  const detail: FailureDetail = { code, title: errorTable[code].title }
  return ApplicationFailure.create({
    message: error instanceof Error ? error.message : String(error),
    type: code,
    nonRetryable: !isRetryable(error),
    details: [detail],
    ...(error instanceof Error ? { cause: error } : {}),
  })
}

type Activity = (...args: never[]) => Promise<unknown>

/** The same activities with every error that leaves them in Temporal's form. */
export function guarded<T extends Record<string, Activity>>(activities: T): T {
  const entries = Object.entries(activities).map(([name, run]) => [
    name,
    async (...args: never[]) => {
      try {
        return await run(...args)
      } catch (error) {
        throw toFailure(error)
      }
    },
  ])
  return Object.fromEntries(entries) as T
}
