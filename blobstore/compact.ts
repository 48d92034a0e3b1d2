import { MediaError } from '../domain/errors.ts'
import { orClose, type ReadFile, type WriteFile } from './disk.ts'
import { snapshotPath, tombstonesPath, volumePath, writeSnapshot } from './file-view.ts'
import { HEADER_BYTES, recordBytes, SUPERBLOCK_BYTES } from './layout.ts'
import { decodeHeader, encodeRecord, type RecordHeader, seedOf } from './needle.ts'
import { NeedleIndex } from './needle-index.ts'
import type { WalkOptions } from './pace.ts'
import { type VolumeAt, tombstonesOf, type WalkedRecord, walkVolume } from './scrub.ts'
import { encodeSuperblock, type Superblock } from './superblock.ts'
import { encodeTombstone, erasedIn } from './tombstone.ts'
import { whileLocked } from './volume-lock.ts'

export interface CompactReport {
  readonly bytesBefore: number
  readonly bytesAfter: number
  readonly kept: number
  readonly dropped: number
}

const CHUNK_BYTES = 1024 * 1024
const NONE = new Uint8Array(0)

/**
 * Writes a sealed volume anew without its erased and replaced needles, and puts it in place of the old one by one
 * rename. Locators stay valid: number, keys and cookies are the same. The UUID is too, so that tombstones written
 * meanwhile count; the epoch is higher, so that a snapshot of the old file does not. Readers that have the old file
 * open go on with it. Whatever happens before the rename leaves the volume as it was.
 * BLOB_CORRUPT when a needle is bad: it is repaired first, never dropped. VOLUME_FENCED when somebody appends, or
 * another process is compacting or repairing it.
 */
export function compactVolume(at: VolumeAt, options: WalkOptions): Promise<CompactReport> {
  return whileLocked(at, () => rewrite(at, options))
}

async function rewrite(at: VolumeAt, options: WalkOptions): Promise<CompactReport> {
  const made = `${volumePath(at.folder, at.volume)}.compacting`
  // Of an attempt that was killed. It may fill the disk.
  await at.disk.remove(made)
  try {
    return await rewriteTo(made, at, options)
  } catch (error) {
    // What is left where this fails too, the next attempt removes.
    await at.disk.remove(made).catch(() => {})
    throw error
  }
}

async function rewriteTo(made: string, at: VolumeAt, options: WalkOptions): Promise<CompactReport> {
  const { disk, folder, volume } = at
  const path = volumePath(folder, volume)
  const latest = new NeedleIndex()
  const before = await walkVolume(at, path, options, async (record) => {
    if (record.data === null) throw corrupt(volume, record.offset)
    if (record.header.type === 'needle') latest.add(record.header.key, record.header.alt, record.offset, record.bytes)
  })
  const hole = before.found.damage[0]
  if (hole !== undefined) throw corrupt(volume, hole.start)
  const erased = new Set((await tombstonesOf(at, before.superblock)).keys)
  const [one] = erased
  // What was read may not be on the disk yet: a needle must not go before its tombstone is there to stay.
  if (one !== undefined) await disk.add(tombstonesPath(folder, volume), encodeTombstone(before.superblock, one))
  const superblock = { ...before.superblock, epoch: before.found.epochMax + 1 }
  await disk.create(made, encodeSuperblock(superblock), SUPERBLOCK_BYTES)
  const file = await disk.openWrite(made)
  const old = await orClose(file, () => disk.openRead(path))
  let dropped = 0
  try {
    if (old === null) throw new MediaError('BLOB_NOT_FOUND', 'The volume is gone.', { facts: { volume } })
    const headerAt = headersOf(old, before.superblock, volume)
    const writer = createLogWriter(file, superblock)
    await walkVolume(at, path, options, async (record) => {
      if (record.header.type !== 'needle') return
      if (record.data === null) throw corrupt(volume, record.offset)
      if (erasedIn(erased, record.header) !== null || (await isReplaced(latest, record, headerAt))) dropped += 1
      else await writer.add(record)
    })
    await writer.finish()
    const kept = await verified(at, made, options, writer.index.count)
    if ((await old.size()) !== before.fileBytes)
      throw new MediaError('VOLUME_FENCED', 'The volume grew while it was compacted.', { facts: { volume } })
    await disk.remove(snapshotPath(folder, volume))
    await disk.rename(made, path)
    await writeSnapshot(disk, folder, superblock, writer.state(), writer.index)
    return { bytesBefore: before.found.end, bytesAfter: writer.state().offset, kept, dropped }
  } finally {
    await old?.close()
    await file.close()
  }
}

function corrupt(volume: number, offset: number): MediaError {
  return new MediaError('BLOB_CORRUPT', 'The volume has bad records: repair it first.', { facts: { volume, offset } })
}

/** Whether a later record is of the same needle. Fingerprints collide, so the header of each such record is asked. */
async function isReplaced(latest: NeedleIndex, { header, offset }: WalkedRecord, headerAt: HeaderAt): Promise<boolean> {
  for (const place of latest.find(header.key, header.alt)) {
    if (place.offset <= offset) continue
    const other = await headerAt(place.offset)
    if (other.key === header.key && other.alt === header.alt) return true
  }
  return false
}

type HeaderAt = (offset: number) => Promise<RecordHeader>

/** Headers of a volume whose every record was found sound just now. */
function headersOf(file: ReadFile, superblock: Superblock, volume: number): HeaderAt {
  return async (offset) => {
    const header = decodeHeader(await file.read(offset, HEADER_BYTES), 0, seedOf(superblock.uuid))
    if (header === null || header === 'unknown') throw corrupt(volume, offset)
    return header
  }
}

/** The needles of what was written, read back from the disk. */
async function verified(at: VolumeAt, path: string, options: WalkOptions, expected: number): Promise<number> {
  let needles = 0
  const { found } = await walkVolume(at, path, options, async (record) => {
    if (record.data === null) throw corrupt(at.volume, record.offset)
    if (record.header.type === 'needle') needles += 1
  })
  if (needles !== expected || found.damage.length > 0 || found.torn) throw corrupt(at.volume, found.end)
  return needles
}

function createLogWriter(file: WriteFile, superblock: Superblock) {
  const seed = seedOf(superblock.uuid)
  const index = new NeedleIndex()
  const { epoch } = superblock
  let batch = 0
  let synced = SUPERBLOCK_BYTES
  // Shared with the thread that writes: a copy would hold up the readers of this process.
  let staging = new Uint8Array(new SharedArrayBuffer(CHUNK_BYTES))
  let used = 0

  async function flush(): Promise<void> {
    if (used === 0) return
    await file.write(synced, staging.subarray(0, used))
    synced += used
    used = 0
  }

  async function put(header: Pick<RecordHeader, 'type' | 'key' | 'alt' | 'cookie'>, data: Uint8Array): Promise<void> {
    const bytes = recordBytes(data.byteLength)
    if (used + bytes > staging.byteLength) await flush()
    if (bytes > staging.byteLength) staging = new Uint8Array(new SharedArrayBuffer(bytes))
    batch += 1
    encodeRecord(staging, used, seed, { ...header, lastOfBatch: true, epoch, batch, durableThrough: synced }, data)
    if (header.type === 'needle') index.add(header.key, header.alt, synced + used, bytes)
    used += bytes
  }

  return {
    index,
    state: () => ({ offset: synced, lastBatch: batch, epochMax: epoch }),
    add: ({ header, data }: WalkedRecord) => put(header, data ?? NONE),
    async finish(): Promise<void> {
      await flush()
      await put({ type: 'mark', key: 0n, alt: 0, cookie: new Uint8Array(8) }, NONE)
      await flush()
    },
  }
}
