import { MediaError } from '../domain/errors.ts'
import type { ScrubOptions, VolumeScrub } from '../domain/volume-ports.ts'
import { DeadBytes } from './dead-bytes.ts'
import type { Disk, ReadFile } from './disk.ts'
import { tombstonesPath, volumePath } from './file-view.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { checkBody, decodeHeader, type RecordHeader, seedOf } from './needle.ts'
import { createPace, type WalkOptions } from './pace.ts'
import { type ScanResult, type ScanState, type Span, scan } from './scan.ts'
import { createCheckpoints, progressOf, writingOf } from './scrub-progress.ts'
import { badHalves, decodeSuperblock, type Superblock } from './superblock.ts'
import { decodeTombstones } from './tombstone.ts'

export interface VolumeAt {
  readonly disk: Disk
  readonly folder: string
  readonly volume: number
}

/** A record that every byte was read of. `data` is null when it fails its checksum. */
export interface WalkedRecord {
  readonly offset: number
  readonly bytes: number
  readonly header: RecordHeader
  readonly data: Uint8Array | null
}

export interface Walk {
  readonly superblock: Superblock
  readonly found: ScanResult
  readonly fileBytes: number
  /** Halves of the superblock that fail their checksum. */
  readonly badHalves: readonly Span[]
}

export interface FileScrub extends VolumeScrub {
  /** A commit that never became whole lies at the end: nothing that anybody was told of. */
  readonly torn: boolean
}

/**
 * Reads every byte of a volume and says what is wrong with it; goes on where an earlier attempt came to, unless the
 * volume was written anew since. BLOB_NOT_FOUND, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT.
 */
export async function scrubVolume(at: VolumeAt, options: WalkOptions & ScrubOptions): Promise<FileScrub> {
  const superblock = await superblockOf(at)
  const of = writingOf(superblock)
  const from = progressOf(options.from, of)
  const tombstones = await tombstonesOf(at, superblock)
  const dead = new DeadBytes(new Set(tombstones.keys), from?.deadBytes)
  const bad: Span[] = [...(from?.bad ?? [])]
  let needles = from?.needles ?? 0
  const checkpoint = createCheckpoints(options.onCheckpoint, from?.offset ?? 0)
  const { found, badHalves: halves } = await walkVolume(
    at,
    volumePath(at.folder, at.volume),
    options,
    async ({ header, offset, bytes, data }, { damage }) => {
      const end = offset + bytes
      if (data === null) bad.push({ start: offset, end })
      else if (header.type === 'needle') {
        needles += 1
        dead.add(header, offset, bytes)
      }
      if (!header.lastOfBatch) return
      const state = { offset: end, lastBatch: header.batch, epochMax: header.epoch }
      checkpoint(state, () => ({ of, needles, deadBytes: dead.bytes, bad: [...bad, ...damage.filter((span) => span.end <= end)] }))
    },
    from ?? undefined,
  )
  const spans = [...halves, ...bad, ...found.damage].toSorted((a, b) => a.start - b.start)
  return {
    volume: at.volume,
    bytes: found.end,
    needles,
    erasedKeys: tombstones.keys.length,
    deadBytes: dead.bytes,
    bad: spans,
    tombstoneStrayBytes: tombstones.strayBytes,
    torn: found.torn,
  }
}

/**
 * Every record of a volume file, in order, read whole. The index and its snapshot are not believed. `onRecord` is told with
 * each what a first pass over the headers found.
 * @param from between two batches; without it, the volume's start
 */
export async function walkVolume(
  { disk, volume }: VolumeAt,
  path: string,
  options: WalkOptions,
  onRecord: (record: WalkedRecord, found: ScanResult) => Promise<void>,
  from?: ScanState,
): Promise<Walk> {
  const file = await openOrThrow(disk, path, volume)
  try {
    const block = await file.read(0, SUPERBLOCK_BYTES)
    const superblock = decodeSuperblock(block)
    const seed = seedOf(superblock.uuid)
    // Numbers, not objects: a volume may have millions of records.
    const offsets: number[] = []
    const sizes: number[] = []
    const start = from ?? { offset: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch }
    const add = ({ offset, bytes }: { offset: number; bytes: number }) => {
      offsets.push(offset)
      sizes.push(bytes)
    }
    // The search for records is held back too; what is told as progress is the reading of them.
    const { onProgress, ...quiet } = options
    const paceSearch = createPace(quiet, 0)
    const read = async (offset: number, length: number) => {
      const bytes = await file.read(offset, length)
      await paceSearch(bytes.byteLength)
      return bytes
    }
    const found = await scan(read, seed, start, add, { resync: true })
    const onward = ({ doneBytes }: { doneBytes: number }) => onProgress?.({ doneBytes: start.offset + doneBytes, totalBytes: found.end })
    const pace = createPace({ ...quiet, onProgress: onward }, found.end)
    for (const [index, offset] of offsets.entries()) {
      const size = sizes[index] ?? 0
      const bytes = await file.read(offset, size)
      const header = decodeHeader(bytes, 0, seed)
      if (header === null || header === 'unknown') throw new MediaError('BLOB_CORRUPT', 'A record changed while it was read.')
      await onRecord({ offset, bytes: size, header, data: checkBody(bytes, 0, header.length)?.data ?? null }, found)
      await pace(size)
    }
    return { superblock, found, fileBytes: await file.size(), badHalves: badHalves(block) }
  } finally {
    await file.close()
  }
}

/** BLOB_NOT_FOUND, BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT. */
export async function superblockOf({ disk, folder, volume }: VolumeAt): Promise<Superblock> {
  const file = await openOrThrow(disk, volumePath(folder, volume), volume)
  try {
    return decodeSuperblock(await file.read(0, SUPERBLOCK_BYTES))
  } finally {
    await file.close()
  }
}

/** The keys erased in a volume. */
export async function tombstonesOf({ disk, folder, volume }: VolumeAt, superblock: Superblock) {
  const file = await disk.openRead(tombstonesPath(folder, volume))
  if (file === null) return { keys: [], strayBytes: 0 }
  try {
    return decodeTombstones(superblock, await file.read(0, await file.size()))
  } finally {
    await file.close()
  }
}

async function openOrThrow(disk: Disk, path: string, volume: number): Promise<ReadFile> {
  const file = await disk.openRead(path)
  if (file === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  return file
}
