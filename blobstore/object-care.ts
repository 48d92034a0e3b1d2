import { limits } from '../domain/limits.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { isCompactionDue } from '../domain/volume-care.ts'
import type { CareOutcome, VolumeCare } from '../domain/volume-ports.ts'
import { compactObjectVolume } from './object-compact.ts'
import { collectGarbage } from './object-garbage.ts'
import { mergeVolume } from './object-merge.ts'
import { scrubObjectVolume } from './object-scrub.ts'
import type { Clock } from './refresher.ts'
import { reclaim, type Sealer, sealAbandoned } from './seal-abandoned.ts'

export interface ObjectCareOptions extends Sealer {
  readonly objects: ObjectStore
  readonly clock: Clock
  /** How long what no longer counts is kept. */
  readonly graceMs?: number
}

/** A volume sealed with no bytes was never made, or is another's of the same number: it is left alone. */
const nothing: CareOutcome = { done: false, why: 'nothing to do' }
const busy: CareOutcome = { done: false, why: 'busy' }

/** Looks after volumes on objects, from as many processes as like to. */
export function createObjectCare(options: ObjectCareOptions): VolumeCare {
  const { objects, directory, clock, report, graceMs = limits.volumeGraceMs } = options
  const rewriting = { objects, directory, clock, graceMs }
  return {
    scrub: async (volume, care) => scrubObjectVolume(objects, volume, await directory.volume(volume), { ...care, clock }),
    async compact(volume, care) {
      if (care.force && !(await reclaim(options, volume))) return busy
      const row = await directory.volume(volume)
      if (row === null || row.state === 'retired' || row.bytes === 0) return nothing
      if (row.state === 'open') return busy
      return care.force || isCompactionDue(row, limits) ? compactObjectVolume(rewriting, row, report, care) : nothing
    },
    // The engine of objects keeps its own copies.
    repair: async () => 0,
    async merge(volume, care) {
      const row = await directory.volume(volume)
      if (row === null || row.state === 'merged' || row.state === 'retired' || row.bytes === 0) return nothing
      return row.state === 'open' ? busy : mergeVolume(rewriting, row, care)
    },
    collectGarbage: (care) => collectGarbage({ objects, directory, report }, care),
    sealAbandoned: (care) => sealAbandoned(options, care),
  }
}
