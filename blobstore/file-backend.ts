import { randomBytes } from 'node:crypto'
import type { BlobLimits } from './blob-limits.ts'
import { type Disk, LONG_APPEND_BYTES, orClose, unfinishedPath, type WriteFile } from './disk.ts'
import { type FileView, newFileView, openFileView, volumePath, writeSnapshot } from './file-view.ts'
import { recordBytes, SUPERBLOCK_BYTES } from './layout.ts'
import { encodeRecord, seedOf } from './needle.ts'
import type { ScanState } from './scan.ts'
import { encodeSuperblock, type Superblock } from './superblock.ts'
import { holdVolume } from './volume-lock.ts'
import type { Commit, Report, VolumeBackend, VolumeLog } from './volume-log.ts'

export interface FileBackendOptions {
  readonly disk: Disk
  readonly folder: string
  readonly limits: BlobLimits
  readonly report: Report
}

/** Zeros are written in steps of this between commits, so that no commit waits long for them. */
const ZERO_STEP_BYTES = 4 * 1024 * 1024

/** Volumes as files of a folder. The disk is a port, so that a simulated one can take its place. */
export function createFileBackend({ disk, folder, limits, report }: FileBackendOptions): VolumeBackend {
  /** @param cutTo where the file is cut before anything is appended */
  async function logOf(view: FileView, epoch: number, cutTo: number | null): Promise<VolumeLog> {
    const { volume } = view.superblock
    view.own()
    const unlock = await holdVolume(disk, folder, volume)
    try {
      if (cutTo !== null) {
        const file = await disk.openWrite(volumePath(folder, volume))
        await file.cut(cutTo).finally(() => file.close())
      }
      const file = await disk.openWrite(volumePath(folder, volume), { appends: true })
      const size = await orClose(file, () => file.size())
      const save = (state: ScanState) =>
        writeSnapshot(disk, folder, view.superblock, state, view.index).catch((error: unknown) => {
          // The next start scans instead.
          report({ kind: 'snapshot failed', volume, error })
        })
      return createFileLog(file, view, epoch, size, limits, { save, unlock })
    } catch (error) {
      unlock()
      throw error
    }
  }

  return {
    async create(volume, epoch) {
      const superblock: Superblock = { volume, epoch, uuid: new Uint8Array(randomBytes(16)) }
      const bytesTotal = Math.max(SUPERBLOCK_BYTES, Math.min(limits.extentBytes, limits.volumeBytesMax))
      await disk.create(volumePath(folder, volume), encodeSuperblock(superblock), bytesTotal)
      const view = await newFileView(disk, folder, superblock, report)
      return { view, log: await orClose(view, () => logOf(view, epoch, null)) }
    },
    async recover(volume, epoch) {
      // Whoever holds the volume creates it, and it is held here now: a creation of before was broken off, or is late. It must not end
      // any more once the volume was looked for, or a file stays that is in no books. Where it has ended, its other name keeps its space.
      await disk.remove(unfinishedPath(volumePath(folder, volume)))
      const view = await openFileView(disk, folder, volume, report)
      if (view === null) return null
      const { end, damage, epochMax, torn } = view.found
      if (epoch < epochMax) {
        report({ kind: 'volume superseded', volume })
        return { log: null, view, bytes: end }
      }
      // Damage is evidence, and may be repaired from elsewhere: nothing of such a file is changed.
      if (damage.length > 0) return { log: null, view, bytes: end }
      if (torn) report({ kind: 'torn tail cut', volume, end })
      // Also where nothing shows: leftovers beyond the end must never follow a new record.
      const log = await orClose(view, () => logOf(view, epoch, end))
      return { log, view, bytes: end }
    },
    open: (volume) => openFileView(disk, folder, volume, report),
    close: () => disk.close(),
  }
}

function createFileLog(
  file: WriteFile,
  view: FileView,
  epoch: number,
  size: number,
  limits: BlobLimits,
  { save, unlock }: { readonly save: (state: ScanState) => Promise<void>; readonly unlock: () => void },
): VolumeLog {
  const { superblock } = view
  let end = view.found.end
  /** Where the next commit goes: beyond `end` while one is on its way. */
  let tail = end
  let lastBatch = view.found.lastBatch
  let marked = end
  let saved = -1
  let zeroedTo = size
  let zeroing: Promise<void> = Promise.resolve()
  let zeroFailed = false
  let failure: { readonly error: unknown } | null = null
  let letGo: Promise<void> | null = null

  /** Once: the number of a closed file may be another's. */
  function shut(): Promise<void> {
    letGo ??= file.close().finally(unlock)
    return letGo
  }

  /** Keeps up to an extent of zeros ahead of the end, a step at a time. */
  function zeroAhead(): void {
    const target = Math.min(end + limits.extentBytes, Math.max(limits.volumeBytesMax, end))
    if (zeroFailed || end + limits.extentBytes / 2 < zeroedTo || zeroedTo >= target) return
    const from = Math.max(zeroedTo, end)
    const length = Math.min(ZERO_STEP_BYTES, target - from)
    zeroedTo = from + length
    zeroing = file.zero(from, length).catch(() => {
      // The next commit has to grow the file itself, and meets the same disk.
      zeroFailed = true
    })
  }

  async function append(base: number, bytes: Uint8Array, batch: number): Promise<void> {
    if (base !== tail) throw new Error(`a commit at ${base} does not follow the log's tail at ${tail}`)
    if (failure !== null) throw failure.error
    tail = base + bytes.byteLength
    try {
      await file.write(base, bytes)
    } catch (error) {
      failure ??= { error }
      throw error
    }
    end = base + bytes.byteLength
    lastBatch = batch
  }

  /** Says that all before it is durable: the last commit can then be told from a torn one. */
  async function mark(): Promise<void> {
    if (failure !== null) return
    const bytes = new Uint8Array(recordBytes(0))
    const none = { key: 0n, alt: 0, cookie: new Uint8Array(8) }
    const header = { ...none, type: 'mark', lastOfBatch: true, epoch, batch: lastBatch + 1, durableThrough: end } as const
    encodeRecord(bytes, 0, seedOf(superblock.uuid), header, new Uint8Array(0))
    await append(end, bytes, lastBatch + 1)
    marked = end
  }

  /** Everything is durable and indexed when it is called: no commit is on its way. */
  async function snapshot(): Promise<void> {
    if (failure !== null || saved === end) return
    saved = end
    await save({ offset: end, lastBatch, epochMax: epoch })
  }

  return {
    superblock,
    epoch,
    get end() {
      return end
    },
    get lastBatch() {
      return lastBatch
    },
    // One on the disk, and three in the writer's queue: it then waits for nobody, not even where this thread is held up for as long as two of them take.
    commitsMax: 4,
    ...(file.memory && { memoryOf: file.memory.bind(file) }),
    trailerOf: () => ({ bytes: 0, batches: 0 }),
    async commit(commit: Commit) {
      zeroedTo = Math.max(zeroedTo, commit.base + commit.bytes.byteLength)
      await append(commit.base, commit.bytes, commit.lastBatch)
      // To write a long one twice would take longer than the journal does when the file grows.
      if (commit.bytes.byteLength < LONG_APPEND_BYTES) zeroAhead()
    },
    async seal() {
      await zeroing
      // Also where nothing was appended: what an earlier holder may still write is of a lower epoch than this.
      await mark()
      await file.cut(end)
      await snapshot()
      return end
    },
    async close() {
      await zeroing
      try {
        if (marked !== end) await mark()
        await snapshot()
      } finally {
        await shut()
      }
    },
    async abandon() {
      await zeroing
      await shut()
    },
  }
}
