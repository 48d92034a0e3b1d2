import { createRequire } from 'node:module'
import type * as Koffi from 'koffi'
import { alignedMemory, type SharedMemory } from './aligned-memory.ts'

/** Of x64, and of arm64 with pages of 4 KiB. */
const LARGE_PAGE_BYTES = 2 * 1024 ** 2
/** Of madvise(2): large pages, and nothing of it for children. */
const MADVICE = [14, 10] as const

let koffi: typeof Koffi | null | undefined
let madvise: ((memory: Uint8Array, bytes: number, advice: number) => number) | undefined

/** What calls functions of the system that Node has no name for; null on other systems than Linux, and where it was not built for this machine. */
export function foreignCalls(): typeof Koffi | null {
  if (koffi !== undefined) return koffi
  try {
    koffi = process.platform === 'linux' ? (createRequire(import.meta.url)('koffi') as typeof Koffi) : null
  } catch {
    koffi = null
  }
  return koffi
}

/**
 * Asks the system to put memory on large pages where it has any: a disk then takes a read or a write in one piece rather than page by
 * page. And to leave it out of children that this process starts, so that no page of it is copied while a disk works with it.
 * @returns where it lies; null where that cannot be told, and nothing was asked
 */
export function adviseForDisks(memory: SharedMemory): number | null {
  const calls = foreignCalls()
  if (calls === null) return null
  madvise ??= calls.load(null).func('int madvise(void *memory, size_t bytes, int advice)')
  const bytes = new Uint8Array(memory.buffer)
  // Only advice: all works without.
  for (const advice of MADVICE) madvise(bytes, bytes.byteLength, advice)
  return Number(calls.address(bytes))
}

/**
 * As {@link alignedMemory}, on large pages from `start` on where the system has any.
 * @param bytes from `start` on; worth while where it is not much less than such a page, which is taken as a whole
 */
export function memoryForDisks(bytes: number): { readonly memory: SharedMemory; readonly start: number } {
  // Wherever it begins, so many whole pages are in it.
  const memory = alignedMemory(foreignCalls() === null ? bytes : (Math.ceil(bytes / LARGE_PAGE_BYTES) + 1) * LARGE_PAGE_BYTES)
  const address = adviseForDisks(memory)
  return { memory, start: address === null ? 0 : (LARGE_PAGE_BYTES - (address % LARGE_PAGE_BYTES)) % LARGE_PAGE_BYTES }
}
