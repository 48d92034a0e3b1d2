import type { Limits } from './limits.ts'
import type { VolumeRow } from './volume-ports.ts'

type CareLimits = Pick<Limits, 'erasedShareMax' | 'erasedNeedleMsMax'>

/**
 * Whether a volume is to be rewritten without what was erased or replaced in it: when that is a good part of its bytes, or
 * when something erased has lain there for long. A rewriting reads and writes the whole volume, so a single erasure waits for others.
 */
export function isCompactionDue(row: VolumeRow, limits: CareLimits): boolean {
  if (row.state !== 'sealed' && row.state !== 'merged') return false
  const isMuch = row.bytesErased > 0 && row.bytesErased >= limits.erasedShareMax * (row.bytesErased + row.bytesHeld)
  return isMuch || (row.keysErased > 0 && row.erasedMs >= limits.erasedNeedleMsMax)
}

/**
 * Whether a volume that is written is to be sealed so that it can be rewritten: when that is due, and enough was erased
 * for the new volume that its writer has to begin, or long ago.
 */
export function isSealingDue(row: VolumeRow, limits: CareLimits & Pick<Limits, 'erasedToSealMin'>): boolean {
  const isEnough = row.keysErased >= limits.erasedToSealMin || row.erasedMs >= limits.erasedNeedleMsMax
  return row.state === 'open' && isEnough && isCompactionDue({ ...row, state: 'sealed' }, limits)
}

/** Whether a volume's holder has let its lease run out: whoever notices seals the volume in its place. */
export function isAbandoned(row: VolumeRow): boolean {
  return row.state === 'open' && row.leaseMs === 0
}
