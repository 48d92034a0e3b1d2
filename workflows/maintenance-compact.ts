import { setWorkflowOptions } from '@temporalio/workflow'
import type { VolumeCareInput } from '../domain/volume-schedules.ts'
import { eachVolume, failOn } from './maintenance.ts'
import { attempt } from './policy.ts'
import { showStage } from './stage.ts'

export interface Compacted {
  readonly volumes: number
  readonly freedBytes: number
}

/** Gives back the space of what was erased, volume by volume, while all of them are read and others are written. */
export async function compact(input: VolumeCareInput = {}): Promise<Compacted> {
  showStage('survey', 'Looking for volumes with much that is erased.')
  const volumes = input.volumes ?? (await attempt('volumesToCompact')())
  let done = 0
  let freedBytes = 0
  const troubles = await eachVolume(volumes, async (volume, turn) => {
    showStage('compact', `Volume ${volume}, ${turn + 1} of ${volumes.length}; ${freedBytes} bytes given back so far.`)
    const outcome = await attempt('compactVolume', { summary: `volume ${volume}` })(volume, input.volumes !== undefined)
    if (!outcome.done) return
    done += 1
    freedBytes += outcome.bytesBefore - outcome.bytesAfter
  })
  showStage('done', `${done} of ${volumes.length} volumes compacted, ${freedBytes} bytes given back.`)
  failOn(troubles)
  return { volumes: done, freedBytes }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, compact)
