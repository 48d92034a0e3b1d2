import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy, type ScheduleOptions } from '@temporalio/client'
import { taskQueues } from '../domain/workflow-inputs.ts'
import { volumeSchedules, type VolumeWorkflow } from '../domain/volume-schedules.ts'

/** A run that was due while nothing ran is due again soon enough. */
const CATCH_UP = '1 minute'

function scheduleOf(name: VolumeWorkflow): ScheduleOptions {
  const { everyMs, summary } = volumeSchedules[name]
  return {
    scheduleId: `volumes-${name}`,
    spec: { intervals: [{ every: everyMs }] },
    action: {
      type: 'startWorkflow',
      workflowType: name,
      workflowId: `volumes-${name}`,
      taskQueue: taskQueues.control,
      args: [],
      typedSearchAttributes: [
        { key: { name: 'kind', type: 'KEYWORD' }, value: 'volumes' },
        { key: { name: 'stage', type: 'KEYWORD' }, value: 'survey' },
      ],
      staticSummary: summary,
    },
    // One at a time: two would only halve each other's pace.
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: CATCH_UP },
  }
}

/**
 * Makes the schedules of those workflows what this release says, one by one. Whether an operator has paused one,
 * and the note on why, is left as it is.
 */
export async function ensureSchedules({ schedule: client }: Client, names: readonly VolumeWorkflow[]): Promise<void> {
  for (const name of names) {
    const options = scheduleOf(name)
    try {
      await client.create(options)
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error
      const { spec, action, policies } = options
      await client.getHandle(options.scheduleId).update(({ state }) => ({ spec, action, state, ...(policies ? { policies } : {}) }))
    }
  }
}
