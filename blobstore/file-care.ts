import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import { isCompactionDue } from '../domain/volume-care.ts'
import type { CareOptions, CareOutcome, VolumeCare } from '../domain/volume-ports.ts'
import { compactVolume } from './compact.ts'
import type { Disk } from './disk.ts'
import { volumePath } from './file-view.ts'
import type { Clock } from './refresher.ts'
import { type RepairReport, repairVolume } from './repair.ts'
import { scrubVolume } from './scrub.ts'
import { reclaim, type Sealer, sealAbandoned } from './seal-abandoned.ts'

export interface FileCareOptions extends Sealer {
  readonly disk: Disk
  readonly folder: string
  readonly clock: Clock
  /** Folders with copies of volume files (a mirror, a mounted backup) and the disk that they are read from: what is bad here is taken from there. */
  readonly copies?: { readonly disk: Disk; readonly folders: readonly string[] }
}

/** A copy that is not there, of another volume, or broken itself. */
const useless: ReadonlySet<string> = new Set(['BLOB_NOT_FOUND', 'REQUEST_INVALID', 'BLOB_CORRUPT', 'VOLUME_UNKNOWN_FORMAT'])

/** Another process writes the volume anew, or appends to it. */
function unlessFenced(error: unknown): null {
  if (error instanceof MediaError && error.code === 'VOLUME_FENCED') return null
  throw error
}

/** Looks after volumes in files, beside the processes that read and write them. */
export function createFileCare(options: FileCareOptions): VolumeCare {
  const { disk, folder, directory, clock, report, copies } = options
  const turns = new Map<number, Promise<unknown>>()

  /** What rewrites a volume happens one at a time: an attempt that was given up may still be at work. */
  async function inTurn<T>(volume: number, work: () => Promise<T>): Promise<T> {
    const turn = (turns.get(volume) ?? Promise.resolve()).then(work, work)
    turns.set(volume, turn)
    try {
      return await turn
    } finally {
      if (turns.get(volume) === turn) turns.delete(volume)
    }
  }
  const at = (volume: number) => ({ disk, folder, volume })

  async function compact(volume: number, care: CareOptions & { readonly force?: boolean }): Promise<CareOutcome> {
    if (care.force && !(await reclaim(options, volume))) return { done: false, why: 'busy' }
    const row = await directory.volume(volume)
    if (row === null || row.state === 'open' || row.state === 'retired')
      return { done: false, why: row?.state === 'open' ? 'busy' : 'nothing to do' }
    if (!care.force && !isCompactionDue(row, limits)) return { done: false, why: 'nothing to do' }
    // Not begun where it would fill the disk: those who append would be refused, and it would be given up in the end.
    const needed = row.bytesHeld + limits.compactionSparesBytes
    if ((await disk.freeBytes(volumePath(folder, volume))) < needed) return { done: false, why: 'no room' }
    const report = await compactVolume(at(volume), { ...care, clock }).catch(unlessFenced)
    if (report === null) return { done: false, why: 'busy' }
    // Where the books changed meanwhile, the file is right all the same, and they are brought up to it the next time.
    if (!(await directory.compacted(row, { bytes: report.bytesAfter, needles: report.kept }))) return { done: false, why: 'busy' }
    return { done: true, ...report }
  }

  async function repair(volume: number, care: CareOptions): Promise<number> {
    const row = await directory.volume(volume)
    if (row === null || row.state === 'open') return 0
    let repaired = 0
    for (const copy of copies?.folders ?? []) {
      const report = await repairFrom(volumePath(copy, volume), volume, care)
      repaired += report?.repaired.length ?? 0
      if (report?.remaining.length === 0) break
    }
    return repaired
  }

  /** Null where there is no such copy, or one that is of no use. */
  async function repairFrom(copy: string, volume: number, care: CareOptions): Promise<RepairReport | null> {
    try {
      return await repairVolume(at(volume), { path: copy, ...(copies ? { disk: copies.disk } : {}) }, { ...care, clock })
    } catch (error) {
      if (!(error instanceof MediaError) || !useless.has(error.code)) throw error
      report({ kind: 'copy of no use', volume, error })
      return null
    }
  }

  return {
    scrub: (volume, care) => scrubVolume(at(volume), { ...care, clock }),
    compact: (volume, care) => inTurn(volume, () => compact(volume, care)),
    repair: (volume, care) => inTurn(volume, () => repair(volume, care)),
    merge: async () => ({ done: false, why: 'nothing to do' }),
    collectGarbage: async () => 0,
    sealAbandoned: (care) => sealAbandoned(options, care),
  }
}
