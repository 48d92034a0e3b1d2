import { setWorkflowOptions, sleep } from '@temporalio/workflow'
import { limits } from '../domain/limits.ts'
import type { Retired } from '../domain/ports.ts'
import { failOn } from './maintenance.ts'
import { attempt } from './policy.ts'
import { showStage } from './stage.ts'

/**
 * Takes away the files of versions that were replaced, once their time of grace is over: from the volumes first, then, when origins
 * have forgotten what they held in memory and can fill no edge again, from the edges. A run that left volumes in trouble fails
 * naming them.
 */
export async function retire(): Promise<{ readonly versions: number }> {
  showStage('retire', 'Writing tombstones for versions past their time of grace.')
  const answer: Retired | Retired['versions'] = await attempt('retireVersions')()
  // Runs that began on a release that knew no troubles were told of the versions alone.
  const { versions, troubles } = 'versions' in answer ? answer : { versions: answer, troubles: [] }
  if (versions.length > 0) {
    showStage('retire', `Waiting until no origin holds the files of ${versions.length} versions.`)
    await sleep(limits.hotFileAgeMsMax + limits.tombstoneAgeMsMax * 1.5)
    showStage('retire', 'Purging the edges.')
    await attempt('forgetVersions')(versions)
  }
  showStage('done', `${versions.length} replaced versions taken away, ${troubles.length} volumes in trouble.`)
  failOn(troubles)
  return { versions: versions.length }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, retire)
