import { type Limits, limits } from '../domain/limits.ts'

const names = [
  'needleBytesMax',
  'batchBytesMax',
  'volumeBytesMax',
  'commitBytesMax',
  'commitMemoryBytes',
  'extentBytes',
  'volumeRefreshMsMin',
  'volumeLeaseMs',
  'tombstoneAgeMsMax',
  'absentVolumesMax',
  'indexBytesMax',
  'volumeCheckMs',
] as const

/** The limits of the blob store, all of them in domain/limits.ts. */
export type BlobLimits = Pick<Limits, (typeof names)[number]>

/** The house's limits with some of them changed. */
export function blobLimits(changed: Partial<BlobLimits> = {}): BlobLimits {
  return { ...(Object.fromEntries(names.map((name) => [name, limits[name]])) as BlobLimits), ...changed }
}
