import { limits } from '../domain/limits.ts'
import { isCompactionDue } from '../domain/volume-care.ts'
import type { CareOptions, CareOutcome, VolumeCare } from '../domain/volume-ports.ts'
import { compactVolume } from './compact.ts'
import type { Disk } from './disk.ts'
import type { Clock } from './refresher.ts'
import { scrubVolume } from './scrub.ts'
import { type Sealer, sealAbandoned } from './seal-abandoned.ts'

export interface FileCareOptions extends Sealer {
  readonly disk: Disk
  readonly folder: string
  readonly clock: Clock
}

/** Looks after volumes in files, beside the processes that read and write them. */
export function createFileCare(options: FileCareOptions): VolumeCare {
  const { disk, folder, directory, clock } = options
  const at = (volume: number) => ({ disk, folder, volume })

  async function compact(volume: number, care: CareOptions & { readonly force?: boolean }): Promise<CareOutcome> {
    const row = await directory.volume(volume)
    if (row === null || row.state === 'open' || row.state === 'retired')
      return { done: false, why: row?.state === 'open' ? 'busy' : 'nothing to do' }
    if (!care.force && !isCompactionDue(row, limits)) return { done: false, why: 'nothing to do' }
    const report = await compactVolume(at(volume), { ...care, clock })
    // Where the books changed meanwhile, the file is right all the same, and they are brought up to it the next time.
    if (!(await directory.compacted(row, { bytes: report.bytesAfter, needles: report.kept }))) return { done: false, why: 'busy' }
    return { done: true, ...report }
  }

  return {
    scrub: (volume, care) => scrubVolume(at(volume), { ...care, clock }),
    compact,
    merge: async () => ({ done: false, why: 'nothing to do' }),
    collectGarbage: async () => 0,
    sealAbandoned: (care) => sealAbandoned(options, care),
  }
}
