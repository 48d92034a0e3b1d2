import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { type ActivityInterceptorsFactory, type NativeConnection, Worker } from '@temporalio/worker'
import type { WorkflowBundle } from './bundle.ts'
import { deploymentVersion } from './deployment.ts'
import type { Part } from './part.ts'

export type OnActivity = (seen: { readonly name: string; readonly code: string | null; readonly ms: number }) => void

export interface QueueWorkerOptions {
  readonly connection: NativeConnection
  readonly namespace: string
  readonly taskQueue: string
  readonly activities: object
  /** How many activities run here at once: by cores for encoders, by memory for decoders. */
  readonly slots: number
  readonly buildId: string
  /** Only the control queue runs workflows. */
  readonly workflows?: WorkflowBundle
  /** Told of every activity that ended, for metrics; `code` is what it failed with. */
  readonly onActivity?: OnActivity
  /** Called when the worker stops although nobody asked it to. */
  readonly onFailure: (error: unknown) => void
}

/** A worker on one task queue. Stopping lets running activities end for a moment, then cancels them. */
export async function startQueueWorker(options: QueueWorkerOptions): Promise<Part> {
  const worker = await Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    activities: options.activities,
    maxConcurrentActivityTaskExecutions: options.slots,
    // Workflows in the cache cost memory for as long as they run; those evicted are replayed.
    ...(options.workflows ? { workflowBundle: { code: options.workflows.code }, maxCachedWorkflows: 200, reuseV8Context: true } : {}),
    ...(options.onActivity ? { interceptors: { activity: [watched(options.onActivity)] } } : {}),
    workerDeploymentOptions: {
      version: deploymentVersion(options.buildId),
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
    shutdownGraceTime: '2s',
    shutdownForceTime: '10s',
    // The first heartbeat throttle decides how soon a cancellation is heard.
    defaultHeartbeatThrottleInterval: '1s',
    maxHeartbeatThrottleInterval: '2s',
  })
  let stopping = false
  const running = worker.run().catch((error: unknown) => {
    if (!stopping) options.onFailure(error)
  })
  return {
    name: `worker ${options.taskQueue}`,
    group: 'workers',
    stop: async () => {
      stopping = true
      if (worker.getState() === 'RUNNING') worker.shutdown()
      await running
    },
  }
}

function watched(onActivity: OnActivity): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      async execute(input, next) {
        const startedMs = performance.now()
        const told = (code: string | null) => onActivity({ name: info.activityType, code, ms: performance.now() - startedMs })
        try {
          const result: unknown = await next(input)
          told(null)
          return result
        } catch (error) {
          // What is meant for Temporal carries our code as its type; anything else was cancelled, or is a bug.
          told(
            error instanceof ApplicationFailure ? (error.type ?? 'INTERNAL') : error instanceof CancelledFailure ? 'CANCELLED' : 'INTERNAL',
          )
          throw error
        }
      },
    },
  })
}
