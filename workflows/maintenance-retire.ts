import { setWorkflowOptions, sleep } from '@temporalio/workflow'
import { limits } from '../domain/limits.ts'
import { attempt } from './policy.ts'
import { showStage } from './stage.ts'

/**
 * Takes away the files of versions that were replaced, once their time of grace is over: from the volumes first, then, when origins
 * have forgotten what they held in memory and can fill no edge again, from the edges.
 */
export async function retire(): Promise<{ readonly versions: number }> {
  showStage('retire', 'Writing tombstones for versions past their time of grace.')
  const versions = await attempt('retireVersions')()
  if (versions.length > 0) {
    showStage('retire', `Waiting until no origin holds the files of ${versions.length} versions.`)
    await sleep(limits.hotFileAgeMsMax + limits.tombstoneAgeMsMax * 1.5)
    showStage('retire', 'Purging the edges.')
    await attempt('forgetVersions')(versions)
  }
  showStage('done', `${versions.length} replaced versions taken away.`)
  return { versions: versions.length }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, retire)
