import { join } from 'node:path'
import { type Disk, orClose, type ReadFile } from './disk.ts'
import { decodeSnapshot, encodeSnapshot } from './index-snapshot.ts'
import { recordBytes, SUPERBLOCK_BYTES } from './layout.ts'
import { NeedleIndex } from './needle-index.ts'
import { decodeHeader, seedOf } from './needle.ts'
import { type FoundRecord, type ScanResult, type ScanState, scan } from './scan.ts'
import { decodeSuperblock, type Superblock } from './superblock.ts'
import { decodeTombstones, encodeTombstone, TOMBSTONE_TAIL_BYTES } from './tombstone.ts'
import type { Report, VolumeView } from './volume-log.ts'

export function volumePath(folder: string, volume: number): string {
  return join(folder, `${volume}.volume`)
}

export function tombstonesPath(folder: string, volume: number): string {
  return join(folder, `${volume}.tombstones`)
}

export function snapshotPath(folder: string, volume: number): string {
  return join(folder, `${volume}.index`)
}

export interface FileView extends VolumeView {
  /** What the scan at opening found. */
  readonly found: ScanResult
  /** From now on this process alone appends, and tells the index itself. */
  own(): void
}

/** A volume file as readers see it. Null when there is none. VOLUME_UNKNOWN_FORMAT, BLOB_CORRUPT. */
export async function openFileView(disk: Disk, folder: string, volume: number, report: Report): Promise<FileView | null> {
  const file = await disk.openRead(volumePath(folder, volume))
  if (file === null) return null
  return orClose(file, async () => {
    const superblock = decodeSuperblock(await file.read(0, SUPERBLOCK_BYTES))
    const { index, state } = (await readSnapshot(disk, folder, superblock, file)) ?? {
      index: new NeedleIndex(),
      state: { offset: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch },
    }
    const found = await follow(file, superblock, index, state, true)
    for (const { start, end } of found.damage) report({ kind: 'damage', volume, start, end })
    return viewOf(disk, folder, file, superblock, index, found, report)
  })
}

/** The view of a volume that was made just now. */
export async function newFileView(disk: Disk, folder: string, superblock: Superblock, report: Report): Promise<FileView> {
  const file = await disk.openRead(volumePath(folder, superblock.volume))
  if (file === null) throw new Error(`volume ${superblock.volume} is gone right after it was made`)
  const found = { end: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch, damage: [], torn: false }
  return orClose(file, () => viewOf(disk, folder, file, superblock, new NeedleIndex(), found, report))
}

/**
 * What the volume's snapshot saves of the scan. Null when there is none, or none that fits: the mark that was written
 * before it has to be where it was, or the volume is another than the one that the snapshot was taken of.
 */
async function readSnapshot(disk: Disk, folder: string, superblock: Superblock, volumeFile: ReadFile) {
  const file = await disk.openRead(snapshotPath(folder, superblock.volume))
  if (file === null) return null
  try {
    const snapshot = decodeSnapshot(superblock, await file.read(0, await file.size()))
    if (snapshot === null) return null
    const { offset, lastBatch } = snapshot.state
    const mark = decodeHeader(await volumeFile.read(offset - recordBytes(0), recordBytes(0)), 0, seedOf(superblock.uuid))
    return mark !== null && mark !== 'unknown' && mark.type === 'mark' && mark.batch === lastBatch ? snapshot : null
  } finally {
    await file.close()
  }
}

/** Keeps an index beside its volume. `state.offset`: everything below it is durable and in the index. */
export async function writeSnapshot(
  disk: Disk,
  folder: string,
  superblock: Superblock,
  state: ScanState,
  index: NeedleIndex,
): Promise<void> {
  const path = snapshotPath(folder, superblock.volume)
  const bytes = encodeSnapshot(superblock, state, index)
  await disk.remove(`${path}.made`)
  await disk.create(`${path}.made`, bytes, bytes.byteLength)
  await disk.rename(`${path}.made`, path)
}

function follow(file: ReadFile, superblock: Superblock, index: NeedleIndex, from: ScanState, resync: boolean): Promise<ScanResult> {
  const add = ({ header, offset, bytes }: FoundRecord) => {
    if (header.type === 'needle') index.add(header.key, header.alt, offset, bytes)
  }
  return scan((offset, length) => file.read(offset, length), seedOf(superblock.uuid), from, add, { resync })
}

async function viewOf(
  disk: Disk,
  folder: string,
  file: ReadFile,
  superblock: Superblock,
  index: NeedleIndex,
  found: ScanResult,
  report: Report,
): Promise<FileView> {
  const tombstones = followTombstones(disk, tombstonesPath(folder, superblock.volume), superblock, report)
  const { changedMs } = await orClose(tombstones, async () => {
    await tombstones.refresh()
    return file.state()
  })
  let state: ScanState & { readonly end?: number } = { ...found, offset: found.end }
  const damaged = found.damage.length > 0
  const lend = file.lend?.bind(file)
  const seed = seedOf(superblock.uuid)
  let foreign = true
  return {
    superblock,
    index,
    found,
    erased: tombstones.erased,
    damaged,
    get foreign() {
      return foreign
    },
    own() {
      foreign = false
    },
    read: (offset, length) => file.read(offset, length),
    ...(lend ? { lend: (offset, length) => lend(offset, length, seed) } : {}),
    async isStale() {
      const now = await file.state()
      // Of a damaged volume the index lacks what lies in the damage, so a repair shows only when it is opened again.
      return now.isReplaced || (damaged && now.changedMs !== changedMs)
    },
    async refresh() {
      if (!foreign) return
      const next = await follow(file, superblock, index, state, false)
      state = { ...next, offset: next.end }
    },
    refreshErased: tombstones.refresh,
    erase: tombstones.add,
    async close() {
      await tombstones.close()
      await file.close()
    },
  }
}

/** The file of tombstones beside a volume. Every process may add to it at any time, also when the volume is sealed. */
function followTombstones(disk: Disk, path: string, superblock: Superblock, report: Report) {
  const erased = new Set<bigint>()
  let file: ReadFile | null = null
  let seen = 0
  let strayBytes = 0
  async function refresh(): Promise<void> {
    file ??= await disk.openRead(path)
    if (file === null) return
    const size = await file.size()
    if (size <= seen) return
    // Looked at again: the end may have been half written when it was read last.
    const start = Math.max(0, seen - TOMBSTONE_TAIL_BYTES)
    const found = decodeTombstones(superblock, await file.read(start, size - start))
    for (const key of found.keys) erased.add(key)
    if (start === 0 && found.strayBytes > strayBytes) {
      strayBytes = found.strayBytes
      report({ kind: 'tombstone damage', volume: superblock.volume, bytes: strayBytes })
    }
    seen = size
  }
  return {
    erased,
    refresh,
    async add(key: bigint) {
      await disk.add(path, encodeTombstone(superblock, key))
      erased.add(key)
    },
    async close() {
      await file?.close()
    },
  }
}
