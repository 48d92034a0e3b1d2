import { CancellationScope, setWorkflowOptions } from '@temporalio/workflow'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { failureCode, isCancellation } from './failure.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'
import { ingestSteps } from './steps/index.ts'
import type { Carried, IngestStep } from './steps/step.ts'

export interface IngestResult {
  readonly state: 'ready' | 'rejected' | 'failed' | 'erased'
  readonly code?: string
}

/**
 * Brings one upload to exactly one outcome. Bytes at fault end as `rejected`, a fault of ours as
 * `failed`, both with everything undone; the workflow itself then completes, since refusing is its work.
 * Cancelled (by an erase) it undoes and lets the cancellation through.
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
    const code = failureCode(error)
    return await CancellationScope.nonCancellable(async () => {
      showStage('discard', `Undoing after ${isCancellation(error) ? 'a cancellation' : code}.`)
      for (const step of begun.toReversed()) await step.undo?.(input)
      if (isCancellation(error)) throw error
      const state = await activity('refuse')(input, code)
      showStage('done', `Refused: ${code}.`)
      return { state, code }
    })
  }
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, ingest)
