/**
 * The few things that the file backend does to a disk, each of them either durable or failed when it
 * returns. Everything that can go wrong with a disk goes wrong behind this port.
 */
export interface Disk {
  /**
   * A new file of these bytes followed by zeros up to `bytesTotal`; whole, durable and visible when it returns.
   * Where the process ends before, there is no such file, and perhaps one at its {@link unfinishedPath}.
   * VOLUME_FENCED when there is a file of that name; STORAGE_FULL; STORAGE_UNAVAILABLE, also when somebody removed the unfinished one.
   */
  create(path: string, head: Uint8Array, bytesTotal: number): Promise<void>
  /** Null when there is no such file. */
  openRead(path: string): Promise<ReadFile | null>
  /**
   * @param options.appends it is only written at its end, and what lies beyond is zeros or counts for nothing: up to 4 KiB beyond what
   * is written may become zeros, also where the file grows by them
   */
  openWrite(path: string, options?: OpenWriteOptions): Promise<WriteFile>
  /** Adds bytes to a file that any number of processes add to; makes it where there is none. */
  add(path: string, bytes: Uint8Array): Promise<void>
  /** Gives a file another name, in place of what had it; durable when it returns. At no moment is there none. */
  rename(from: string, to: string): Promise<void>
  /** Durable when it returns; nothing where there is no such file. */
  remove(path: string): Promise<void>
  /** Bytes that can still be written to the disk on which a file of this path lies, or would. */
  freeBytes(path: string): Promise<number>
  /** Holds a name for this process until the answer is called or the process ends; null where somebody else does. */
  lock(path: string): Promise<(() => void) | null>
  close(): Promise<void>
}

/** Where a file lies until it is whole. Once it is removed from there, its creation cannot end any more. */
export function unfinishedPath(path: string): string {
  return `${path}.new`
}

/** An append of at least this is long: it goes past the page cache, and rather lets its file grow than wait for zeros to be laid. */
export const LONG_APPEND_BYTES = 128 * 1024

export interface OpenWriteOptions {
  readonly appends: true
}

export interface ReadFile {
  size(): Promise<number>
  /** Whether another file has its name by now, and when its bytes were changed last: milliseconds since 1970. */
  state(): Promise<{ readonly isReplaced: boolean; readonly changedMs: number }>
  /** Fewer bytes where the file ends. */
  read(offset: number, length: number): Promise<Uint8Array>
  /**
   * As `read`, without a copy where the disk has memory to lend.
   * @param seed where the bytes are a record: the checksum state that its header starts from, so that the disk may check it
   */
  lend?(offset: number, length: number, seed?: number): Promise<Loan>
  /** Waits for reads under way. */
  close(): Promise<void>
}

/** Bytes in memory that is used again once they are released. */
export interface Loan {
  readonly bytes: Uint8Array
  /** Whoever read them has checked every byte of the record that they begin with. False also where nobody looked. */
  readonly isSound: boolean
  /** Once; without effect on bytes that are the caller's own. */
  release(): void
}

/** What is asked of one file happens in the order of the asking. */
export interface WriteFile {
  size(): Promise<number>
  /**
   * Memory to put together in what is appended, shared with who writes it; of at least so many bytes. Where what is written lies as far
   * into a page of 4 KiB of the memory as it will of the file, a long append costs no copy, and the disk may overwrite the rest of its first page
   * and of its last one in the memory.
   * @param use whether it is written from once, or again and again until the file is closed
   */
  memory?(bytes: number, use: 'once' | 'again'): Uint8Array
  /** Durable when it returns. After an error every later write fails too. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Zeros from `offset`, so that later writes there need not grow the file. */
  zero(offset: number, length: number): Promise<void>
  cut(length: number): Promise<void>
  close(): Promise<void>
}

/** What `work` gives. Where it fails, what was opened for it is closed: nobody else has it. */
export async function orClose<T>(opened: { close(): Promise<void> }, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await opened.close().catch(() => {
      // What failed first counts.
    })
    throw error
  }
}
