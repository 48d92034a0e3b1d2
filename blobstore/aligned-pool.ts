import { read } from 'node:fs'
import { readError } from './disk-errors.ts'

// The compiler's lib for Node has no WebAssembly.
declare const WebAssembly: { Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer } }

const PAGE_BYTES = 4096
const BUFFER_BYTES = 1024 * 1024
const BUFFERS_MAX = 32

/**
 * Reads past the page cache. O_DIRECT wants memory, offset and length in whole blocks; the memory of a
 * WebAssembly.Memory starts on a page, which no other buffer of JavaScript promises.
 */
export class AlignedPool {
  readonly #free: Uint8Array[] = []
  readonly #waiting: ((buffer: Uint8Array) => void)[] = []
  #made = 0

  /** Longer reads than this go through the cache: they are sequential anyway. */
  fits(length: number): boolean {
    return length <= BUFFER_BYTES - 2 * PAGE_BYTES
  }

  async read(fd: number, offset: number, length: number): Promise<Uint8Array> {
    const buffer = await this.#take()
    try {
      const start = Math.floor(offset / PAGE_BYTES) * PAGE_BYTES
      const span = Math.ceil((offset + length - start) / PAGE_BYTES) * PAGE_BYTES
      const count = await readOnce(fd, buffer, span, start)
      const skip = offset - start
      // Unfilled memory: every byte of it is overwritten at once.
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, count - skip)))
      bytes.set(buffer.subarray(skip, skip + bytes.byteLength))
      return bytes
    } finally {
      this.#give(buffer)
    }
  }

  #take(): Promise<Uint8Array> | Uint8Array {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#made < BUFFERS_MAX) {
      this.#made += 1
      return new Uint8Array(new WebAssembly.Memory({ initial: BUFFER_BYTES / 65_536, maximum: BUFFER_BYTES / 65_536 }).buffer)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #give(buffer: Uint8Array): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(buffer)
    else next(buffer)
  }
}

/** A local file answers a read short only where it ends. */
function readOnce(fd: number, target: Uint8Array, length: number, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, target, 0, length, offset, (error, count) => (error ? reject(readError(error)) : resolve(count)))
  })
}
