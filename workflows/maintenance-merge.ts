import { setWorkflowOptions } from '@temporalio/workflow'
import type { VolumeCareInput } from '../domain/volume-schedules.ts'
import { eachVolume, failOn } from './maintenance.ts'
import { attempt } from './policy.ts'
import { showStage } from './stage.ts'

/** Makes one large object of the packs of each sealed volume, volume by volume, while they are read. */
export async function merge(input: VolumeCareInput = {}): Promise<{ readonly volumes: number }> {
  showStage('survey', 'Looking for sealed volumes in packs.')
  const volumes = input.volumes ?? (await attempt('volumesToMerge')())
  let done = 0
  const troubles = await eachVolume(volumes, async (volume, turn) => {
    showStage('merge', `Volume ${volume}, ${turn + 1} of ${volumes.length}.`)
    const outcome = await attempt('mergeVolume', { summary: `volume ${volume}` })(volume)
    if (outcome.done) done += 1
  })
  showStage('done', `${done} of ${volumes.length} volumes merged.`)
  failOn(troubles)
  return { volumes: done }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, merge)
