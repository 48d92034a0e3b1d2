import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, isCancellation } from '@temporalio/workflow'

/** The code of the error table that a failure carries at its root; INTERNAL for time-outs and the unforeseen. */
export function failureCode(error: unknown): string {
  const root = rootOf(error)
  return root instanceof ApplicationFailure && root.type ? root.type : 'INTERNAL'
}

/** What was said at its root; empty where nothing was. */
export function failureText(error: unknown): string {
  const root = rootOf(error)
  return root instanceof ApplicationFailure ? root.message : ''
}

function rootOf(error: unknown): unknown {
  let cause: unknown = error
  while ((cause instanceof ActivityFailure || cause instanceof ChildWorkflowFailure) && cause.cause) cause = cause.cause
  return cause
}

export { isCancellation }
