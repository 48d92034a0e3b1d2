import { join } from 'node:path'
import type { Disk, ReadFile } from './disk.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { NeedleIndex } from './needle-index.ts'
import { seedOf } from './needle.ts'
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
  try {
    const superblock = decodeSuperblock(await file.read(0, SUPERBLOCK_BYTES))
    const index = new NeedleIndex()
    const from = { offset: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch }
    const found = await follow(file, superblock, index, from, true)
    for (const { start, end } of found.damage) report({ kind: 'damage', volume, start, end })
    return await viewOf(disk, folder, file, superblock, index, found, report)
  } catch (error) {
    await file.close()
    throw error
  }
}

/** The view of a volume that was made just now. */
export async function newFileView(disk: Disk, folder: string, superblock: Superblock, report: Report): Promise<FileView> {
  const file = await disk.openRead(volumePath(folder, superblock.volume))
  if (file === null) throw new Error(`volume ${superblock.volume} is gone right after it was made`)
  const found = { end: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch, damage: [], torn: false }
  return viewOf(disk, folder, file, superblock, new NeedleIndex(), found, report)
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
  await tombstones.refresh()
  let state: ScanState & { readonly end?: number } = { ...found, offset: found.end }
  let foreign = true
  return {
    superblock,
    index,
    found,
    erased: tombstones.erased,
    damaged: found.damage.length > 0,
    get foreign() {
      return foreign
    },
    own() {
      foreign = false
    },
    read: (offset, length) => file.read(offset, length),
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
