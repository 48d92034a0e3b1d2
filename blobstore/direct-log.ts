import { readSync, writeSync } from 'node:fs'
import { alignedMemory, PAGE_BYTES, wholePages } from './aligned-memory.ts'

/**
 * Appends to a file past the page cache: what is appended once and synced at once only costs the processor there, to copy
 * it page by page and to look for what is to be written. Whole pages are written, from where they were put together. Of the one that
 * the file ended in, what is there already is written again, the same bytes; what lies beyond the end, to the end of its page, becomes zeros.
 */
export class DirectLog {
  /** Opened with O_RDWR, O_DIRECT and O_DSYNC: what a call wrote is durable when it returns. */
  readonly #fd: number
  /** What the file ends in the middle of, as far as it is known. */
  readonly #page = new Uint8Array(alignedMemory(PAGE_BYTES).buffer, 0, PAGE_BYTES)
  /** Where the last append ended; -1 where the file may have been changed since. */
  #end = -1

  constructor(fd: number) {
    this.#fd = fd
  }

  /**
   * Durable when it returns.
   * @param bytes in memory that begins on a page, as far into one as `offset` is; of their first page there what is before them is
   * overwritten, and of their last one what is behind them
   */
  append(offset: number, bytes: Uint8Array): void {
    const lead = offset % PAGE_BYTES
    const start = offset - lead
    const used = lead + bytes.byteLength
    const whole = used - (used % PAGE_BYTES)
    const pages = new Uint8Array(bytes.buffer, bytes.byteOffset - lead, wholePages(used))
    if (lead > 0) {
      if (offset !== this.#end) this.#readPage(start, lead)
      pages.set(this.#page.subarray(0, lead))
    }
    pages.fill(0, used)
    for (let done = 0; done < pages.byteLength; ) done += writeSync(this.#fd, pages, done, pages.byteLength - done, start + done)
    this.#page.set(pages.subarray(whole, used))
    this.#end = offset + bytes.byteLength
  }

  /** The file was changed otherwise. */
  forget(): void {
    this.#end = -1
  }

  #readPage(start: number, used: number): void {
    if (readSync(this.#fd, this.#page, 0, PAGE_BYTES, start) < used)
      throw new Error(`an append at ${start + used} is beyond the end of the file`)
  }
}
