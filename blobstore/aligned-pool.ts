import { read } from 'node:fs'
import type { Loan } from './disk.ts'
import { readError } from './disk-errors.ts'

// The compiler's lib for Node has no WebAssembly.
declare const WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } }

const PAGE_BYTES = 4096
const BUFFER_BYTES = 1024 * 1024
const BUFFERS_MAX = 48
/** Of WebAssembly, 64 KiB each. */
const BUFFERS_PAGES = (BUFFERS_MAX * BUFFER_BYTES) / 65_536
/** The rest is for reads that copy: loans that never come back must not end them. */
const LENT_MAX = 32

/**
 * Reads past the page cache. O_DIRECT wants memory, offset and length in whole blocks; the memory of a
 * WebAssembly.Memory starts on a page, which no other buffer of JavaScript promises.
 */
export class AlignedPool {
  /** Pages of it are taken only when they are read into. */
  readonly #memory = new WebAssembly.Memory({ initial: BUFFERS_PAGES, maximum: BUFFERS_PAGES })
  readonly #free: Uint8Array[] = []
  readonly #waiting: ((buffer: Uint8Array) => void)[] = []
  #made = 0
  #lent = 0

  /** Longer reads than this go through the cache: they are sequential anyway. */
  fits(length: number): boolean {
    return length <= BUFFER_BYTES - 2 * PAGE_BYTES
  }

  async read(fd: number, offset: number, length: number): Promise<Uint8Array> {
    const buffer = await this.#take()
    try {
      return copyOf(await readAligned(fd, buffer, offset, length))
    } finally {
      this.#give(buffer)
    }
  }

  /** The bytes where they were read to, until they are released; a copy while many are lent. */
  async lend(fd: number, offset: number, length: number): Promise<Loan> {
    if (this.#lent >= LENT_MAX) return { bytes: await this.read(fd, offset, length), release: () => {} }
    this.#lent += 1
    const buffer = await this.#take()
    let isLent = true
    const release = () => {
      if (!isLent) return
      isLent = false
      this.#lent -= 1
      this.#give(buffer)
    }
    try {
      return { bytes: await readAligned(fd, buffer, offset, length), release }
    } catch (error) {
      release()
      throw error
    }
  }

  #take(): Promise<Uint8Array> | Uint8Array {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#made < BUFFERS_MAX) {
      this.#made += 1
      return new Uint8Array(this.#memory.buffer, (this.#made - 1) * BUFFER_BYTES, BUFFER_BYTES)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #give(buffer: Uint8Array): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(buffer)
    else next(buffer)
  }
}

/** The bytes asked for, where they lie in `buffer`; fewer where the file ends. */
async function readAligned(fd: number, buffer: Uint8Array, offset: number, length: number): Promise<Uint8Array> {
  const start = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES
  const span = Math.ceil((offset + length - start) / PAGE_BYTES) * PAGE_BYTES
  const count = await readOnce(fd, buffer, span, start)
  const skip = offset - start
  return buffer.subarray(skip, skip + Math.max(0, Math.min(length, count - skip)))
}

function copyOf(bytes: Uint8Array): Uint8Array {
  // Unfilled memory: every byte of it is overwritten at once.
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength)
  copy.set(bytes)
  return copy
}

/** A local file answers a read short only where it ends. */
function readOnce(fd: number, target: Uint8Array, length: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, 0, length, offset, (error, count) => (error ? reject(readError(error)) : resolve(count)))
  })
}
