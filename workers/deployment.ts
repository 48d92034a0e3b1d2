import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { WorkerDeploymentVersion } from '@temporalio/common'

/** One name for all our workers: Temporal checks that a version knows every task queue that the current one has. */
export const DEPLOYMENT_NAME = 'darkroom'

export function deploymentVersion(buildId: string): WorkerDeploymentVersion {
  return { deploymentName: DEPLOYMENT_NAME, buildId }
}

/**
 * Makes `buildId` the version that new workflows start on. Until some version is current nothing at all
 * runs on a versioned queue. The server learns of a version from its first poll, so this waits for that,
 * for `deadlineMs` at most.
 */
export async function makeCurrent(client: Client, namespace: string, buildId: string, deadlineMs = 30_000): Promise<void> {
  const giveUpAt = Date.now() + deadlineMs
  for (;;) {
    try {
      await client.workflowService.setWorkerDeploymentCurrentVersion({
        namespace,
        deploymentName: DEPLOYMENT_NAME,
        buildId,
        identity: 'darkroom',
        ignoreMissingTaskQueues: true,
      })
      return
    } catch (error) {
      if (Date.now() > giveUpAt)
        throw new Error('Temporal did not accept this version of the workers as the current one.', { cause: error })
      await sleep(100)
    }
  }
}
