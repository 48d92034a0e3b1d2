import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type { WorkflowWatch } from '../domain/ports.ts'

/** How long one look may take, its retries included. */
const LOOK_MS_MAX = 5_000

/** What has become of workflows, as Temporal knows it. Throws when it does not answer in time. */
export function watchOf(temporal: Client): WorkflowWatch {
  return {
    async look(workflowId) {
      try {
        const { status } = await temporal.withDeadline(Date.now() + LOOK_MS_MAX, () => temporal.workflow.getHandle(workflowId).describe())
        return status.name === 'RUNNING' ? 'running' : 'ended'
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'unknown'
        throw error
      }
    },
  }
}
