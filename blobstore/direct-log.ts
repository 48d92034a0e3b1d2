import { readSync, writeSync } from 'node:fs'
import { alignedMemory } from './aligned-memory.ts'
import { PAGE_BYTES } from './read-ring.ts'

/** Of what one call writes: a longer commit takes several. */
const MEMORY_BYTES = 4 * 1024 * 1024

/**
 * Appends to a file past the page cache: what is appended once and synced at once only costs the processor there, to copy
 * it page by page and to look for what is to be written. Whole pages are written. Of the one that the file ended in, what
 * is there already is written again, the same bytes; what lies beyond the end, to the end of its page, becomes zeros.
 */
export class DirectLog {
  /** Opened with O_RDWR, O_DIRECT and O_DSYNC: what a call wrote is durable when it returns. */
  readonly #fd: number
  readonly #memory = new Uint8Array(alignedMemory(MEMORY_BYTES, false))
  /** Where in the file the memory begins: on a page. */
  #start = -PAGE_BYTES
  #used = 0
  /** Of what is used, in the file already. */
  #written = 0

  constructor(fd: number) {
    this.#fd = fd
  }

  /** Whether bytes were taken in that are not in the file yet. */
  get isBehind(): boolean {
    return this.#written < this.#used
  }

  /**
   * @param sync all that was appended is durable when it returns; otherwise it is only taken in. Bytes that were taken in and that an
   * append at an earlier offset follows are dropped.
   */
  append(offset: number, bytes: Uint8Array, sync: boolean): void {
    if (offset !== this.#start + this.#used) this.#seek(offset)
    for (let done = 0; done < bytes.byteLength; ) {
      const step = Math.min(MEMORY_BYTES - this.#used, bytes.byteLength - done)
      this.#memory.set(bytes.subarray(done, done + step), this.#used)
      this.#used += step
      done += step
      if (this.#used === MEMORY_BYTES) this.#flush()
    }
    if (sync) this.#flush()
  }

  /** The file was changed otherwise. */
  forget(): void {
    this.#start = -PAGE_BYTES
    this.#used = 0
    this.#written = 0
  }

  #seek(offset: number): void {
    this.forget()
    const start = offset - (offset % PAGE_BYTES)
    const used = offset - start
    if (used > 0 && readSync(this.#fd, this.#memory, 0, PAGE_BYTES, start) < used)
      throw new Error(`an append at ${offset} is beyond the end of the file`)
    this.#start = start
    this.#used = used
    this.#written = used
  }

  #flush(): void {
    if (!this.isBehind) return
    const end = pageAtOrAfter(this.#used)
    this.#memory.fill(0, this.#used, end)
    for (let done = 0; done < end; ) done += writeSync(this.#fd, this.#memory, done, end - done, this.#start + done)
    const whole = this.#used - (this.#used % PAGE_BYTES)
    this.#memory.copyWithin(0, whole, this.#used)
    this.#start += whole
    this.#used -= whole
    this.#written = this.#used
  }
}

function pageAtOrAfter(offset: number): number {
  return Math.ceil(offset / PAGE_BYTES) * PAGE_BYTES
}
