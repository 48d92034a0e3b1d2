import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import type { VolumeScrub } from '../domain/volume-ports.ts'
import { openObjectView } from './object-view.ts'
import type { WalkOptions } from './pace.ts'
import type { Span } from './scan.ts'
import type { BlobReport } from './volume-log.ts'
import { walkSegments } from './walk-segments.ts'

/** Reads every byte of a volume on objects and says what is wrong with it. BLOB_NOT_FOUND, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT. */
export async function scrubObjectVolume(objects: ObjectStore, volume: number, options: WalkOptions): Promise<VolumeScrub> {
  const reports: BlobReport[] = []
  const view = await openObjectView(objects, volume, (report) => void reports.push(report))
  if (view === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  const bad: Span[] = []
  let needles = 0
  let end = 0
  for (const segment of view.segments()) {
    // Packs follow one another: one that is gone leaves a hole.
    if (segment.start > end && end > 0) bad.push({ start: end, end: segment.start })
    end = segment.end
    for await (const found of walkSegments(objects, view.superblock, [segment], options)) {
      if ('bad' in found) bad.push(found.bad)
      else if (found.header.type === 'needle') needles += 1
    }
  }
  let tombstoneStrayBytes = 0
  for (const report of reports) if (report.kind === 'tombstone damage') tombstoneStrayBytes += Math.max(1, report.bytes)
  return { volume, bytes: view.state().end, needles, erasedKeys: view.erased.size, bad, tombstoneStrayBytes }
}
