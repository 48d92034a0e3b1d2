import { wholePages } from './aligned-memory.ts'

/** Part of the memory, from the beginning of a page on. */
export interface Region {
  readonly start: number
  readonly bytes: Uint8Array
}

/**
 * Memory that commits are put together in, one behind the other, and from its beginning again. None of it is used again before all the
 * rest was: a disk of a virtual machine is a program, which may read a commit on a processor that is far from this one, and whoever
 * writes to what lies in its caches then waits for every line of them. Once the rest was used, it lies there no more.
 */
export class CommitMemory {
  readonly #memory: Uint8Array
  /** Where the next region begins. */
  #next = 0
  /** In use, the one taken first in front. */
  readonly #taken: { start: number; end: number }[] = []

  /** @param memory begins on a page */
  constructor(memory: Uint8Array) {
    this.#memory = memory
  }

  /** Of so many bytes, the one that was not used for longest; null where that is in use. */
  take(bytes: number): Region | null {
    const whole = wholePages(bytes)
    const start = this.#next + whole > this.#memory.byteLength ? 0 : this.#next
    const end = start + whole
    if (end > this.#memory.byteLength || this.#taken.some((other) => start < other.end && other.start < end)) return null
    this.#taken.push({ start, end })
    this.#next = end
    return { start, bytes: this.#memory.subarray(start, start + bytes) }
  }

  /** No more than so many bytes of the region that was taken last are used: the next one begins on the page behind them. */
  trim({ start }: Region, bytes: number): void {
    const last = this.#taken.at(-1)
    if (last?.start !== start) throw new Error('only what was taken last is trimmed')
    last.end = Math.min(last.end, start + wholePages(bytes))
    this.#next = last.end
  }

  release({ start }: Region): void {
    const at = this.#taken.findIndex((taken) => taken.start === start)
    if (at < 0) throw new Error('a region is released once')
    this.#taken.splice(at, 1)
  }
}
