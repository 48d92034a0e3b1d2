/**
 * The thread that writes. Synchronous calls in a thread of their own: a slow fsync then holds up neither
 * the event loop nor the pool of threads that reads come from.
 */
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { DirectLog } from './direct-log.ts'
import { LONG_APPEND_BYTES, unfinishedPath } from './disk.ts'
import { errnoOf } from './errno.ts'
import { type RingWrite, WriteRing, type WriteRingMemory } from './write-ring.ts'

export interface FileWrite {
  readonly fd: number
  readonly offset: number
  readonly bytes: Uint8Array
  /** Its memory begins on a page, and it lies as far into one there as in the file. */
  readonly isInPages: boolean
}

export type DiskJob =
  /** Memory that writes of the ring are from, known by its number from now on; or no more. */
  | { readonly kind: 'share'; readonly memory: number; readonly buffer: ArrayBufferLike }
  | { readonly kind: 'forget'; readonly memory: number }
  | { readonly kind: 'create'; readonly path: string; readonly head: Uint8Array; readonly bytesTotal: number }
  /** Its longer writes go past the page cache, where the file system lets them. */
  | { readonly kind: 'append only'; readonly fd: number }
  | (FileWrite & { readonly kind: 'write' })
  | { readonly kind: 'zero'; readonly fd: number; readonly offset: number; readonly length: number }
  | { readonly kind: 'cut'; readonly fd: number; readonly length: number }
  | { readonly kind: 'close'; readonly fd: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | { readonly kind: 'add'; readonly path: string; readonly bytes: Uint8Array }

export interface DiskRequest {
  readonly id: number
  readonly job: DiskJob
}

/** What it says: how a job went; or nothing, where there are answers in the ring. */
export type DiskAnswer = { readonly id: number; readonly error?: { readonly code: string; readonly message: string } } | null

/** What the thread is sent: a job; or nothing, where there are writes in the ring. */
export type DiskWord = DiskRequest | null

const ring = new WriteRing(workerData as WriteRingMemory)
const memories = new Map<number, ArrayBufferLike>()

/** Why a file can no longer be written: what is asked of it later must not reach the disk as if all before it had. */
const failed = new Map<number, unknown>()

/** Files that are only appended to, with the same file opened once more. */
const logs = new Map<number, { readonly log: DirectLog; readonly direct: number }>()

/** Longer writes make the page cache ask for large runs of memory, which it may have to search for: then they take ten times as long. */
const ZEROS_BYTES = 256 * 1024
const zeros = new Uint8Array(ZEROS_BYTES)

function writeAll(fd: number, bytes: Uint8Array, offset: number | null): void {
  for (let done = 0; done < bytes.byteLength; )
    done += writeSync(fd, bytes, done, bytes.byteLength - done, offset === null ? null : offset + done)
}

function writeZeros(fd: number, offset: number, length: number): void {
  for (let done = 0; done < length; ) {
    const step = Math.min(zeros.byteLength, length - done)
    writeAll(fd, zeros.subarray(0, step), offset + done)
    done += step
  }
}

/**
 * The open file once more, past the page cache and durable at each write; by its descriptor, since its name may be another
 * file's by now. Null where the file system knows no such thing (tmpfs), or the machine no /proc: then it is written through the cache.
 */
function openDirect(fd: number): number | null {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_RDWR | constants.O_DIRECT | constants.O_DSYNC)
  } catch {
    return null
  }
}

function forgetLog(fd: number): void {
  const log = logs.get(fd)
  if (log === undefined) return
  logs.delete(fd)
  closeSync(log.direct)
}

function write({ fd, offset, bytes, isInPages }: FileWrite): void {
  const log = logs.get(fd)?.log
  // Less goes through the page cache, since small needles share pages, and of those just written many are read soon.
  if (log && isInPages && bytes.byteLength >= LONG_APPEND_BYTES) {
    log.append(offset, bytes)
    return
  }
  log?.forget()
  writeAll(fd, bytes, offset)
  fdatasyncSync(fd)
}

function syncFolderOf(path: string): void {
  const fd = openSync(dirname(path), constants.O_RDONLY)
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

function perform(job: DiskJob): void {
  switch (job.kind) {
    case 'share':
      memories.set(job.memory, job.buffer)
      return
    case 'forget':
      memories.delete(job.memory)
      return
    case 'create': {
      // Made under another name and linked when durable: whoever sees the file sees it whole. The link fails where
      // another took the volume over meanwhile, and removed what was unfinished of it.
      const unfinished = unfinishedPath(job.path)
      rmSync(unfinished, { force: true })
      try {
        const fd = openSync(unfinished, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
        try {
          writeAll(fd, job.head, 0)
          writeZeros(fd, job.head.byteLength, job.bytesTotal - job.head.byteLength)
          fsyncSync(fd)
        } finally {
          closeSync(fd)
        }
        linkSync(unfinished, job.path)
      } finally {
        rmSync(unfinished, { force: true })
      }
      syncFolderOf(job.path)
      return
    }
    case 'append only': {
      const direct = openDirect(job.fd)
      if (direct !== null) logs.set(job.fd, { direct, log: new DirectLog(direct) })
      return
    }
    case 'write':
      if (failed.has(job.fd)) throw failed.get(job.fd)
      try {
        write(job)
      } catch (error) {
        failed.set(job.fd, error)
        throw error
      }
      return
    case 'zero':
      if (failed.has(job.fd)) throw failed.get(job.fd)
      writeZeros(job.fd, job.offset, job.length)
      fdatasyncSync(job.fd)
      return
    case 'cut':
      logs.get(job.fd)?.log.forget()
      ftruncateSync(job.fd, job.length)
      fsyncSync(job.fd)
      return
    case 'rename':
      renameSync(job.from, job.to)
      syncFolderOf(job.to)
      return
    case 'remove':
      rmSync(job.path, { force: true })
      syncFolderOf(job.path)
      return
    case 'close':
      failed.delete(job.fd)
      forgetLog(job.fd)
      closeSync(job.fd)
      return
    case 'add': {
      const isNew = !existsSync(job.path)
      const fd = openSync(job.path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND, 0o600)
      try {
        writeAll(fd, job.bytes, null)
        fdatasyncSync(fd)
      } finally {
        closeSync(fd)
      }
      if (isNew) syncFolderOf(job.path)
    }
  }
}

function say(answer: DiskAnswer): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
  parentPort?.postMessage(answer)
}

function serve({ id, job }: DiskRequest): void {
  try {
    perform(job)
  } catch (error) {
    const { code = 'unknown', message } = error as NodeJS.ErrnoException
    say({ id, error: { code, message } })
    return
  }
  say({ id })
}

/** Gives the number of the error, or 0. */
function attempt({ fd, offset, memory, at, length }: RingWrite): number {
  const buffer = memories.get(memory)
  if (buffer === undefined) throw new Error(`a write from memory ${memory}, which is not known`)
  try {
    perform({ kind: 'write', fd, offset, bytes: new Uint8Array(buffer, at, length), isInPages: true })
    return 0
  } catch (error) {
    return errnoOf(error)
  }
}

function serveRing(): void {
  for (let next = ring.take(); next !== null; next = ring.take()) if (ring.answer(attempt(next))) say(null)
}

parentPort?.on('message', (sent: DiskWord) => {
  if (sent === null) serveRing()
  else serve(sent)
})
