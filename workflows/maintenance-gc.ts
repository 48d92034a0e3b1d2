import { setWorkflowOptions } from '@temporalio/workflow'
import { attempt } from './policy.ts'
import { showStage } from './stage.ts'

/** Deletes what no longer counts of volumes on objects, once its time of grace is over. */
export async function gc(): Promise<{ readonly objects: number }> {
  showStage('gc', 'Deleting objects past their time of grace.')
  const objects = await attempt('collectGarbage')()
  showStage('done', `${objects} objects deleted.`)
  return { objects }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, gc)
