import type { ScrubProgress, VolumeScrub } from '../domain/volume-ports.ts'
import type { ScanState } from './scan.ts'
import type { Superblock } from './superblock.ts'

/** Between two checkpoints. */
const CHECKPOINT_BYTES = 16 * 1024 ** 2
/** A volume with more bad spans is read from its start again: they would not fit where progress is kept. */
const SPANS_MAX = 100

/** Which writing of a volume a superblock is of: a compaction raises the epoch, a merge makes a generation. */
export function writingOf({ uuid, epoch }: Superblock, generation = 0): string {
  return `${Buffer.from(uuid).toString('hex')}.${epoch}.${generation}`
}

/** Where an earlier attempt came to, if it was of this writing. */
export function progressOf(from: ScrubProgress | undefined, of: string): ScrubProgress | null {
  return from?.of === of ? from : null
}

/** Tells now and then how far a scrub is. Asked after each whole batch. */
export function createCheckpoints(
  tell: ((progress: ScrubProgress) => void) | undefined,
  start: number,
): (state: ScanState, found: () => Pick<ScrubProgress, 'of' | 'needles' | 'deadBytes'> & { readonly bad: VolumeScrub['bad'] }) => void {
  let told = start
  return ({ offset, lastBatch, epochMax }, found) => {
    if (tell === undefined || offset - told < CHECKPOINT_BYTES) return
    const { bad, ...rest } = found()
    if (bad.length > SPANS_MAX) return
    told = offset
    tell({ ...rest, bad: [...bad], offset, lastBatch, epochMax })
  }
}
