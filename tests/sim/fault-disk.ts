import type { Disk, OpenWriteOptions, ReadFile, WriteFile } from '../../blobstore/disk.ts'
import { createError, writeError } from '../../blobstore/disk-errors.ts'

/** Smaller than those of a real disk, as everything is here. */
const PAGE_BYTES = 1_024
/** Shorter appends go through the page cache. */
const DIRECT_BYTES_MIN = 1_400

/** What was asked of a file since it was last synced, in order. */
export type PendingOp =
  | { readonly kind: 'write'; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'cut'; readonly length: number }

export interface FileState {
  /** On stable storage. Never changed in place. */
  readonly durable: Uint8Array
  readonly pending: readonly PendingOp[]
  /** What the blocks held before a cut gave them back: a file that grows again may show it. */
  readonly ghost: Uint8Array
  /** The name itself is not on stable storage yet. */
  readonly nameless: boolean
  /** What had the name before, on stable storage; null when nothing had. */
  readonly before: Uint8Array | null
}

/** All that a power cut at one moment can leave behind follows from this. */
export type DiskState = ReadonlyMap<string, FileState>

interface Inode {
  durable: Uint8Array
  current: Uint8Array
  pending: PendingOp[]
  ghost: Uint8Array
  nameless: boolean
  before: Uint8Array | null
  failed: unknown
}

export interface FaultDiskOptions {
  /** Told of every moment between two effects of a call. */
  readonly onStep?: (state: () => DiskState) => void
  /** A disk that says it synced and did not. */
  readonly skipSync?: boolean
  /** Calls take some turns of the event loop, so that others are asked meanwhile. */
  readonly slow?: boolean
}

/** A disk in memory whose every step can be the last one before a power cut, and whose calls can be made to fail. */
export class FaultDisk implements Disk {
  readonly #inodes = new Map<string, Inode>()
  readonly #options: FaultDiskOptions
  readonly #locked = new Set<string>()
  #queue: Promise<void> = Promise.resolve()
  /** Calls that write, until one fails; the errno it fails with. */
  #failure: { calls: number; readonly errno: 'EIO' | 'ENOSPC' } | null = null

  constructor(files: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly ghost: Uint8Array }>, options: FaultDiskOptions = {}) {
    this.#options = options
    for (const [path, { bytes, ghost }] of files) {
      this.#inodes.set(path, { durable: bytes, current: bytes, pending: [], ghost, nameless: false, before: null, failed: null })
    }
  }

  failAfter(calls: number, errno: 'EIO' | 'ENOSPC'): void {
    this.#failure = { calls, errno }
  }

  /** No call fails that was to. Files that failed stay failed until they are opened again. */
  heal(): void {
    this.#failure = null
  }

  paths(): string[] {
    return [...this.#inodes.keys()]
  }

  bytesOf(path: string): Uint8Array {
    return this.#inodes.get(path)?.current ?? new Uint8Array(0)
  }

  state(): DiskState {
    return new Map(
      [...this.#inodes].map(([path, { durable, pending, ghost, nameless, before }]) => [
        path,
        { durable, pending: pending.slice(), ghost, nameless, before },
      ]),
    )
  }

  create(path: string, head: Uint8Array, bytesTotal: number): Promise<void> {
    return this.#inOrder(() => {
      this.#mayFail(createError)
      if (this.#inodes.has(path)) throw createError('EEXIST', '')
      const bytes = new Uint8Array(Math.max(bytesTotal, head.byteLength))
      bytes.set(head)
      // Written and synced under another name: nobody sees it half made, but the name itself can be lost.
      const inode: Inode = {
        durable: bytes,
        current: bytes,
        pending: [],
        ghost: new Uint8Array(0),
        nameless: true,
        before: null,
        failed: null,
      }
      this.#inodes.set(path, inode)
      this.#step()
      inode.nameless = this.#options.skipSync ?? false
      this.#step()
    })
  }

  async openRead(path: string): Promise<ReadFile | null> {
    const inode = this.#inodes.get(path)
    if (inode === undefined) return null
    return {
      size: async () => inode.current.byteLength,
      state: async () => ({ isReplaced: this.#inodes.get(path) !== inode, changedMs: 0 }),
      read: async (offset, length) => inode.current.slice(offset, offset + length),
      close: async () => {},
    }
  }

  async openWrite(path: string, options?: OpenWriteOptions): Promise<WriteFile> {
    const inode = this.#inodes.get(path)
    if (inode === undefined) throw writeError('ENOENT', path)
    inode.failed = null
    const asWritten = options?.appends ? wholePages : (_: Inode, offset: number, bytes: Uint8Array) => ({ offset, bytes: bytes.slice() })
    return {
      size: async () => inode.current.byteLength,
      write: (offset, bytes) =>
        this.#inOrder(() => {
          this.#write(inode, asWritten(inode, offset, bytes))
          this.#sync(inode)
        }),
      zero: (offset, length) =>
        this.#inOrder(() => {
          this.#write(inode, { offset, bytes: new Uint8Array(length) })
          this.#sync(inode)
        }),
      cut: (length) =>
        this.#inOrder(() => {
          this.#mayFail()
          apply(inode, { kind: 'cut', length })
          this.#step()
          this.#sync(inode)
        }),
      close: () => this.#inOrder(() => {}),
    }
  }

  add(path: string, bytes: Uint8Array): Promise<void> {
    return this.#inOrder(() => {
      let inode = this.#inodes.get(path)
      if (inode === undefined) {
        const none = new Uint8Array(0)
        inode = { durable: none, current: none, pending: [], ghost: none, nameless: true, before: null, failed: null }
        this.#inodes.set(path, inode)
      }
      this.#write(inode, { offset: inode.current.byteLength, bytes: bytes.slice() })
      this.#sync(inode)
      inode.nameless = this.#options.skipSync ?? false
      this.#step()
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.#inOrder(() => {
      this.#mayFail()
      const inode = this.#inodes.get(from)
      if (inode === undefined) throw writeError('ENOENT', from)
      const replaced = this.#inodes.get(to)
      this.#inodes.delete(from)
      inode.before = replaced?.durable ?? null
      inode.nameless = true
      this.#inodes.set(to, inode)
      this.#step()
      inode.nameless = this.#options.skipSync ?? false
      this.#step()
    })
  }

  remove(path: string): Promise<void> {
    return this.#inOrder(() => {
      this.#mayFail()
      this.#inodes.delete(path)
      this.#step()
    })
  }

  async freeBytes(): Promise<number> {
    return Number.POSITIVE_INFINITY
  }

  async lock(path: string): Promise<(() => void) | null> {
    if (this.#locked.has(path)) return null
    this.#locked.add(path)
    return () => void this.#locked.delete(path)
  }

  async close(): Promise<void> {
    await this.#queue
  }

  #write(inode: Inode, { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array }): void {
    if (inode.failed !== null) throw inode.failed
    try {
      this.#mayFail()
    } catch (error) {
      // A call that fails may have written some of it.
      apply(inode, { kind: 'write', offset, bytes })
      inode.failed = error
      throw error
    }
    apply(inode, { kind: 'write', offset, bytes })
    this.#step()
  }

  #sync(inode: Inode): void {
    if (this.#options.skipSync) return
    inode.durable = inode.current
    inode.pending = []
    this.#step()
  }

  #step(): void {
    this.#options.onStep?.(() => this.state())
  }

  #mayFail(errorOf = writeError): void {
    if (this.#failure === null) return
    if (this.#failure.calls > 0) {
      this.#failure.calls -= 1
      return
    }
    const { errno } = this.#failure
    this.#failure = null
    throw errorOf(errno, 'injected')
  }

  /** As the thread of the real disk: one call after another, each some turns of the event loop away. */
  #inOrder(run: () => void): Promise<void> {
    const done = (this.#options.slow ? this.#queue.then(() => new Promise((resolve) => setImmediate(resolve))) : this.#queue).then(run)
    this.#queue = done.catch(() => {
      // Told to who asked.
    })
    return done
  }
}

/** As a file is appended to past the page cache: what its last page holds is written again, and zeros beyond the end. */
function wholePages({ current }: Inode, offset: number, bytes: Uint8Array): { offset: number; bytes: Uint8Array } {
  if (bytes.byteLength < DIRECT_BYTES_MIN) return { offset, bytes: bytes.slice() }
  const start = offset - (offset % PAGE_BYTES)
  const pages = new Uint8Array(Math.ceil((offset + bytes.byteLength - start) / PAGE_BYTES) * PAGE_BYTES)
  pages.set(current.subarray(start, offset))
  pages.set(bytes, offset - start)
  return { offset: start, bytes: pages }
}

function apply(inode: Inode, op: PendingOp): void {
  inode.pending.push(op)
  if (op.kind === 'cut') {
    if (inode.current.byteLength > op.length) inode.ghost = inode.current
    inode.current = inode.current.slice(0, op.length)
    return
  }
  const bytes = new Uint8Array(Math.max(inode.current.byteLength, op.offset + op.bytes.byteLength))
  bytes.set(inode.current)
  bytes.set(op.bytes, op.offset)
  inode.current = bytes
}
