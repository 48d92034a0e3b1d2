import { setWorkflowOptions } from '@temporalio/workflow'
import type { VolumeCareInput } from '../domain/volume-schedules.ts'
import { eachVolume, failOn, type Trouble } from './maintenance.ts'
import { attempt } from './policy.ts'
import { showStage } from './stage.ts'

export interface ScrubResult {
  readonly volumes: number
  readonly bytes: number
  readonly repaired: number
}

/** Reads every byte of the volumes that are due, repairs what another copy has, and fails naming what stays bad. */
export async function scrub(input: VolumeCareInput = {}): Promise<ScrubResult> {
  showStage('survey', 'Looking for volumes that are due.')
  const volumes = input.volumes ?? (await attempt('volumesToScrub')())
  const bad: Trouble[] = []
  let bytes = 0
  let repaired = 0
  const failed = await eachVolume(volumes, async (volume, turn) => {
    showStage('scrub', `Volume ${volume}, ${turn + 1} of ${volumes.length}; ${bytes} bytes read, ${repaired} bad spans repaired so far.`)
    const found = await attempt('scrubVolume', { summary: `volume ${volume}` })(volume)
    bytes += found.bytes
    repaired += found.repaired
    if (found.bad.length > 0) bad.push({ volume, code: 'BLOB_CORRUPT' })
  })
  const troubles = [...bad, ...failed]
  showStage(
    'done',
    `${volumes.length} volumes, ${bytes} bytes read, ${repaired} bad spans repaired, ${troubles.length} volumes in trouble.`,
  )
  failOn(troubles)
  return { volumes: volumes.length, bytes, repaired }
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, scrub)
