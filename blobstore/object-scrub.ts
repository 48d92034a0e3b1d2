import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import type { ScrubOptions, VolumeRow, VolumeScrub } from '../domain/volume-ports.ts'
import { DeadBytes } from './dead-bytes.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { type ObjectViewState, openObjectView } from './object-view.ts'
import type { WalkOptions } from './pace.ts'
import type { Span } from './scan.ts'
import { createCheckpoints, progressOf, writingOf } from './scrub-progress.ts'
import type { BlobReport } from './volume-log.ts'
import { type Segment, walkSegments } from './walk-segments.ts'

/**
 * What is gone of a sealed volume's end, which no record that is there tells of: the books know where it ended. A rewriting
 * that does not count yet may be shorter, one that was replaced is never.
 */
export function lostTail({ generation, end }: ObjectViewState, row: Pick<VolumeRow, 'generation' | 'bytes'> | null): Span | null {
  if (row === null || row.bytes === null || generation > row.generation || end >= row.bytes) return null
  return { start: end, end: row.bytes }
}

/**
 * Reads every byte of a volume on objects and says what is wrong with it; goes on where an earlier attempt came to, unless
 * the volume was written anew since. BLOB_NOT_FOUND, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT.
 * @param row what the books say of it
 */
export async function scrubObjectVolume(
  objects: ObjectStore,
  volume: number,
  row: Pick<VolumeRow, 'generation' | 'bytes'> | null,
  options: WalkOptions & ScrubOptions,
): Promise<VolumeScrub> {
  const reports: BlobReport[] = []
  const view = await openObjectView(objects, volume, (report) => void reports.push(report))
  if (view === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  const segments = view.segments()
  const of = writingOf(view.superblock, view.state().generation)
  const from = progressOf(options.from, of)
  const dead = new DeadBytes(view.erased, from?.deadBytes)
  const bad: Span[] = [...(from?.bad ?? [])]
  let needles = from?.needles ?? 0
  const checkpoint = createCheckpoints(options.onCheckpoint, from?.offset ?? 0)
  for await (const found of walkSegments(objects, view.superblock, segmentsFrom(segments, from?.offset ?? 0), options)) {
    if ('bad' in found) {
      bad.push(found.bad)
      continue
    }
    const { header, offset, bytes } = found
    if (header.type === 'needle') {
      needles += 1
      dead.add(header, offset, bytes)
    }
    const state = { offset: offset + bytes, lastBatch: header.batch, epochMax: header.epoch }
    checkpoint(state, () => ({ of, needles, deadBytes: dead.bytes, bad }))
  }
  const lost = lostTail(view.state(), row)
  let tombstoneStrayBytes = 0
  for (const report of reports) if (report.kind === 'tombstone damage') tombstoneStrayBytes += Math.max(1, report.bytes)
  return {
    volume,
    bytes: view.state().end,
    needles,
    erasedKeys: view.erased.size,
    deadBytes: dead.bytes,
    bad: [...bad, ...holesBetween(segments), ...(lost === null ? [] : [lost])].toSorted((a, b) => a.start - b.start),
    tombstoneStrayBytes,
  }
}

/** What lies at and after an offset. */
function segmentsFrom(segments: readonly Segment[], offset: number): Segment[] {
  return segments.filter(({ end }) => end > offset).map((segment) => ({ ...segment, start: Math.max(segment.start, offset) }))
}

/** Packs follow one another: one that is gone leaves a hole. */
function holesBetween(segments: readonly Segment[]): Span[] {
  return segments.flatMap(({ start }, index) => {
    const before = segments[index - 1]?.end ?? SUPERBLOCK_BYTES
    return start > before ? [{ start: before, end: start }] : []
  })
}
