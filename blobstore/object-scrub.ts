import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import type { VolumeRow, VolumeScrub } from '../domain/volume-ports.ts'
import { type ObjectViewState, openObjectView } from './object-view.ts'
import type { WalkOptions } from './pace.ts'
import type { Span } from './scan.ts'
import type { BlobReport } from './volume-log.ts'
import { walkSegments } from './walk-segments.ts'

/**
 * What is gone of a sealed volume's end, which no record that is there tells of: the books know where it ended. A rewriting
 * that does not count yet may be shorter, one that was replaced is never.
 */
export function lostTail({ generation, end }: ObjectViewState, row: Pick<VolumeRow, 'generation' | 'bytes'> | null): Span | null {
  if (row === null || row.bytes === null || generation > row.generation || end >= row.bytes) return null
  return { start: end, end: row.bytes }
}

/**
 * Reads every byte of a volume on objects and says what is wrong with it. BLOB_NOT_FOUND, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT.
 * @param row what the books say of it
 */
export async function scrubObjectVolume(
  objects: ObjectStore,
  volume: number,
  row: Pick<VolumeRow, 'generation' | 'bytes'> | null,
  options: WalkOptions,
): Promise<VolumeScrub> {
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
  const lost = lostTail(view.state(), row)
  if (lost !== null) bad.push(lost)
  let tombstoneStrayBytes = 0
  for (const report of reports) if (report.kind === 'tombstone damage') tombstoneStrayBytes += Math.max(1, report.bytes)
  return { volume, bytes: view.state().end, needles, erasedKeys: view.erased.size, bad, tombstoneStrayBytes }
}
