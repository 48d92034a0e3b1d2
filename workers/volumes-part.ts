import { volumeActivities } from '../activities/index.ts'
import type { VolumeHost } from '../domain/volume-ports.ts'
import { type VolumeWorkflow, volumeWorkflowsOf } from '../domain/volume-schedules.ts'
import { taskQueues } from '../domain/workflow-inputs.ts'
import { openVolumeCare } from './blobs.ts'
import type { Core } from './core.ts'
import type { Parts } from './part.ts'
import type { WorkerSeat } from './render-part.ts'
import { startQueueWorker } from './temporal-worker.ts'

/** A scrub and a compaction side by side, each at its own pace. */
const SLOTS = 2

/**
 * The worker that looks after volumes; it runs where they can be reached. Gives the names of the workflows that it
 * makes sense to schedule.
 * @param host the store that this process has open
 */
export async function startVolumesWorker(core: Core, seat: WorkerSeat, host: VolumeHost, parts: Parts): Promise<VolumeWorkflow[]> {
  const activities = volumeActivities({
    care: openVolumeCare(core, parts),
    host,
    catalog: core.catalog,
    onScrub: ({ bad, ...report }) => {
      const facts = { ...report, quarantined: bad.length }
      if (bad.length > 0) core.logger.error('volume scrubbed: damage', facts)
      else core.logger.info('volume scrubbed', facts)
    },
  })
  parts.add(await startQueueWorker({ ...seat, taskQueue: taskQueues.volumes, slots: SLOTS, activities }))
  return volumeWorkflowsOf(core.config.s3 ? 'objects' : 'files')
}
