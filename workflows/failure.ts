import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, isCancellation } from '@temporalio/workflow'

/** The code of the error table that a failure carries at its root; INTERNAL for time-outs and the unforeseen. */
export function failureCode(error: unknown): string {
  let cause: unknown = error
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause) cause = cause.cause
  return cause instanceof ApplicationFailure && cause.type ? cause.type : 'INTERNAL'
}

export { isCancellation }
