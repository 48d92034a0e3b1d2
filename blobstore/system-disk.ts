import { close, constants, fstat, open, read, statfs } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { limits } from '../domain/limits.ts'
import { alignedMemory, PAGE_BYTES } from './aligned-memory.ts'
import { quickenCrc } from './crc.ts'
import type { Disk, Loan, ReadFile, WriteFile } from './disk.ts'
import { isErrno, readError, writeError } from './disk-errors.ts'
import { lockFile } from './file-lock.ts'
import { memoryForDisks } from './foreign-calls.ts'
import { ReaderThreads } from './reader-threads.ts'
import { WriterThread } from './writer-thread.ts'

/** Less memory is not worth a page of 2 MiB. */
const LARGE_BYTES_MIN = 1024 ** 2

const openFile = promisify(open)
const closeFile = promisify(close)
const statFile = promisify(fstat)
const statFolder = promisify(statfs)

/**
 * The real disk. Writes and syncs run in a thread of their own, started at the first of them; what is lent is read by
 * threads of its own too, and the rest, which is long or nobody waits for, by libuv's pool.
 * @param directReads go past the page cache: for volumes much larger than memory
 */
export function createSystemDisk({ directReads }: { readonly directReads: boolean }): Disk {
  const writer = new WriterThread()
  const inPages = new WeakSet<ArrayBufferLike>()
  const cached = readersOf(limits.readThreadsMax, false)
  /** Of each disk, by its number: one that hangs, or lets nobody ask for more, holds up its own reads alone. */
  const direct = new Map<number, Readers>()

  function newMemory(bytes: number): Uint8Array {
    const { memory, start } = bytes < LARGE_BYTES_MIN ? { memory: alignedMemory(bytes), start: 0 } : memoryForDisks(bytes)
    quickenCrc(memory)
    inPages.add(memory.buffer)
    return new Uint8Array(memory.buffer, start)
  }

  function directOf(device: number): Readers {
    const readers = direct.get(device) ?? readersOf(limits.directReadThreadsMax, true)
    direct.set(device, readers)
    return readers
  }

  async function openReadFile(fd: number): Promise<ReadFile> {
    const directFd = directReads ? await openDirect(fd) : null
    if (directFd === null) return createReadFile(fd, null, cached)
    try {
      return createReadFile(fd, directFd, directOf((await statFile(fd)).dev))
    } catch (error) {
      await Promise.all([fd, directFd].map((one) => closeFile(one)))
      throw error
    }
  }

  return {
    async create(path, head, bytesTotal) {
      await writer.run({ kind: 'create', path, head, bytesTotal })
    },
    async openRead(path): Promise<ReadFile | null> {
      try {
        const fd = await openFile(path, constants.O_RDONLY)
        return await openReadFile(fd)
      } catch (error) {
        if (isErrno(error, 'ENOENT')) return null
        throw readError(error as NodeJS.ErrnoException)
      }
    },
    async openWrite(path, options): Promise<WriteFile> {
      const fd = await openFile(path, constants.O_WRONLY).catch((error: NodeJS.ErrnoException) => {
        throw writeError(error.code ?? 'unknown', error.message)
      })
      if (options?.appends) await writer.run({ kind: 'append only', fd })
      const shared: (() => void)[] = []
      return {
        size: async () => (await statFile(fd)).size,
        memory(bytes, use) {
          const memory = newMemory(bytes)
          if (use === 'again') shared.push(writer.share(memory.buffer))
          return memory
        },
        write(offset, bytes) {
          const isInPages = inPages.has(bytes.buffer) && (offset - bytes.byteOffset) % PAGE_BYTES === 0
          return writer.write({ fd, offset, bytes, isInPages })
        },
        zero: (offset, length) => writer.run({ kind: 'zero', fd, offset, length }),
        cut: (length) => writer.run({ kind: 'cut', fd, length }),
        close() {
          for (const forget of shared.splice(0)) forget()
          return writer.run({ kind: 'close', fd })
        },
      }
    },
    add: (path, bytes) => writer.run({ kind: 'add', path, bytes }),
    rename: (from, to) => writer.run({ kind: 'rename', from, to }),
    remove: (path) => writer.run({ kind: 'remove', path }),
    async freeBytes(path) {
      const { bavail, bsize } = await statFolder(dirname(path)).catch((error: NodeJS.ErrnoException) => {
        throw readError(error)
      })
      return bavail * bsize
    },
    lock: async (path) => lockFile(path),
    async close() {
      await writer.close()
      await Promise.all([cached, ...direct.values()].map((readers) => readers.close()))
    },
  }
}

interface Readers {
  /** Started when they are first asked for, and anew once they ended. */
  get(): ReaderThreads
  close(): Promise<void>
}

function readersOf(threadsMax: number, isDirect: boolean): Readers {
  let threads: ReaderThreads | null = null
  return {
    get: () => (threads === null || threads.isOver ? (threads = new ReaderThreads(threadsMax, { isDirect })) : threads),
    close: async () => threads?.close(),
  }
}

/**
 * The open file once more, past the page cache. By its descriptor: its name may be another file's by now. Null where the
 * file system knows no O_DIRECT (tmpfs), or the machine no /proc: then it is read through the cache.
 */
async function openDirect(fd: number): Promise<number | null> {
  try {
    return await openFile(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_DIRECT)
  } catch (error) {
    if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT')) return null
    await closeFile(fd)
    throw error
  }
}

/** @param direct the same file, opened to be read past the cache, where it can be */
function createReadFile(fd: number, direct: number | null, readers: Readers): ReadFile {
  let underWay = 0
  let onIdle: (() => void) | null = null
  async function track<T>(reading: Promise<T>): Promise<T> {
    underWay += 1
    try {
      return await reading
    } finally {
      underWay -= 1
      if (underWay === 0) onIdle?.()
    }
  }
  async function lendBuffered(offset: number, length: number): Promise<Loan> {
    return { bytes: await readBuffered(fd, offset, length), isSound: false, release: () => {} }
  }
  return {
    size: () => track(statFile(fd).then((stat) => stat.size)),
    // A file that was renamed over, or removed, has no name left.
    state: () => track(statFile(fd).then((stat) => ({ isReplaced: stat.nlink === 0, changedMs: stat.mtimeMs }))),
    read: (offset, length) =>
      track(
        direct !== null && ReaderThreads.fits(length)
          ? readers.get().read({ fd: direct, offset, length })
          : readBuffered(fd, offset, length),
      ),
    lend: (offset, length, seed) =>
      track(ReaderThreads.fits(length) ? readers.get().lend({ fd: direct ?? fd, offset, length, seed }) : lendBuffered(offset, length)),
    async close() {
      if (underWay > 0)
        await new Promise<void>((resolve) => {
          onIdle = resolve
        })
      await closeFile(fd)
      if (direct !== null) await closeFile(direct)
    },
  }
}

function readBuffered(fd: number, offset: number, length: number): Promise<Uint8Array> {
  // Unfilled memory: only the bytes that were read are handed out.
  const target = Buffer.allocUnsafeSlow(length)
  return new Promise((resolve, reject) => {
    const from = (done: number) => {
      read(fd, target, done, length - done, offset + done, (error, count) => {
        if (error) reject(readError(error))
        else if (count === 0 || done + count === length) resolve(target.subarray(0, done + count))
        else from(done + count)
      })
    }
    from(0)
  })
}
