import { MediaError } from '../domain/errors.ts'
import type { Disk, ReadFile } from './disk.ts'
import { snapshotPath, volumePath } from './file-view.ts'
import { HEADER_BYTES, recordBytes, SUPERBLOCK_BYTES } from './layout.ts'
import { checkBody, decodeHeader, seedOf } from './needle.ts'
import type { WalkOptions } from './pace.ts'
import type { Span } from './scan.ts'
import { scrubVolume, type VolumeAt } from './scrub.ts'
import { badHalves, decodeSuperblock, encodeSuperblock, type Superblock } from './superblock.ts'
import { whileLocked } from './volume-lock.ts'

export interface RepairReport {
  readonly repaired: readonly Span[]
  /** Bad still: the copy has nothing sound there either. Reads of it go on failing with BLOB_CORRUPT. */
  readonly remaining: readonly Span[]
}

interface CopyFile {
  readonly path: string
  readonly disk?: Disk
}

/**
 * Fills the bad parts of a volume with the records that another copy of the same file has at the same place, and its
 * superblock from its sound half or the copy's. Only bytes that were bad are written, and only where all of the copy's
 * are sound, so a crash in between leaves nothing worse.
 * VOLUME_FENCED while another process compacts or repairs it. REQUEST_INVALID when the copy is of another volume, or from before or after a compaction.
 * @param copy a volume file; without a disk, on the volume's own
 */
export function repairVolume(at: VolumeAt, copyFile: CopyFile, options: WalkOptions): Promise<RepairReport> {
  return whileLocked(at, () => fill(at, copyFile, options))
}

async function fill(at: VolumeAt, copyFile: CopyFile, options: WalkOptions): Promise<RepairReport> {
  const { disk, folder, volume } = at
  const own = await disk.openRead(volumePath(folder, volume))
  let copy: ReadFile | null = null
  try {
    copy = await (copyFile.disk ?? disk).openRead(copyFile.path)
    if (own === null || copy === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume file.', { facts: { volume } })
    const ours = await agreedSuperblock(own, copy, volume)
    const repaired: Span[] = []
    const file = await disk.openWrite(volumePath(folder, volume))
    try {
      const halves = badHalves(await own.read(0, SUPERBLOCK_BYTES))
      if (halves.length > 0) await file.write(0, encodeSuperblock(ours))
      repaired.push(...halves)
      for (const span of (await scrubVolume(at, options)).bad) {
        const bytes = await copy.read(span.start, span.end - span.start)
        if (span.end === span.start || !areRecords(bytes, span.end - span.start, seedOf(ours.uuid))) continue
        await file.write(span.start, bytes)
        repaired.push(span)
      }
    } finally {
      await file.close()
    }
    // A snapshot may have been taken of what the harmed volume seemed to be.
    await disk.remove(snapshotPath(folder, volume))
    return { repaired, remaining: (await scrubVolume(at, options)).bad }
  } finally {
    await own?.close()
    await copy?.close()
  }
}

/** What both say of themselves; where the volume has lost all of it, the first records have to be the same ones. */
async function agreedSuperblock(own: ReadFile, copy: ReadFile, volume: number): Promise<Superblock> {
  const theirs = decodeSuperblock(await copy.read(0, SUPERBLOCK_BYTES))
  const foreign = () =>
    new MediaError('REQUEST_INVALID', 'The copy is of another volume, or from before or after a compaction.', { facts: { volume } })
  const block = await own.read(0, SUPERBLOCK_BYTES)
  if (badHalves(block).length < 2) {
    const ours = decodeSuperblock(block)
    if (Buffer.compare(ours.uuid, theirs.uuid) !== 0 || ours.epoch !== theirs.epoch) throw foreign()
    return ours
  }
  const [first, other] = await Promise.all([own.read(SUPERBLOCK_BYTES, HEADER_BYTES), copy.read(SUPERBLOCK_BYTES, HEADER_BYTES)])
  if (theirs.volume !== volume || decodeHeader(other, 0, seedOf(theirs.uuid)) === null || Buffer.compare(first, other) !== 0)
    throw foreign()
  return theirs
}

/** Whether the bytes are whole records one after another, to the last byte. */
function areRecords(bytes: Uint8Array, length: number, seed: number): boolean {
  let at = 0
  while (at < length) {
    const header = decodeHeader(bytes, at, seed)
    if (header === null || header === 'unknown' || checkBody(bytes, at, header.length) === null) return false
    at += recordBytes(header.length)
  }
  return at === length && bytes.byteLength === length
}
