import { CancellationScope, patched, setWorkflowOptions } from '@temporalio/workflow'
import { type ErrorCode, isErrorCode, outcomeOf } from '../domain/errors.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { failureCode, failureText, isCancellation } from './failure.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'
import { ingestSteps } from './steps/index.ts'
import type { Carried, IngestStep } from './steps/step.ts'

export interface IngestResult {
  readonly state: 'ready' | 'rejected' | 'failed' | 'erased'
  readonly code?: string
}

/**
 * Brings one upload to exactly one outcome. Bytes at fault end as `rejected`, with everything undone; a fault of
 * ours as `failed`, with the original kept, so that it can be tried again. The workflow itself then completes, since
 * refusing is its work. Cancelled (by an erase, or by hand) it settles the item and lets the cancellation through.
 */
export async function ingest(input: IngestInput): Promise<IngestResult> {
  const begun: IngestStep[] = []
  try {
    let carried: Carried = {}
    for (const step of ingestSteps) {
      showStage(step.stage, step.describe(input))
      begun.push(step)
      carried = await step.run(input, carried)
    }
    showStage('done', 'Ready.')
    return { state: 'ready' }
  } catch (error) {
    const isCancelled = isCancellation(error)
    const code = isCancelled ? 'INGEST_CANCELLED' : knownCode(failureCode(error))
    const ending = outcomeOf(code)
    return await CancellationScope.nonCancellable(async () => {
      showStage('discard', `Undoing after ${isCancelled ? 'a cancellation' : code}.`)
      for (const step of begun.toReversed()) await step.undo?.(input, ending)
      if (isCancelled && !patched('settle-cancelled')) throw error
      const state = await activity('refuse')(input, code, failureText(error))
      if (isCancelled) throw error
      showStage('done', `${ending === 'failed' ? 'Failed' : 'Refused'}: ${code}.`)
      return { state, code }
    })
  }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, ingest)

function knownCode(text: string): ErrorCode {
  return isErrorCode(text) ? text : 'INTERNAL'
}
