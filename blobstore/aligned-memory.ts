// The compiler's lib for Node has no WebAssembly.
declare const WebAssembly: {
  Memory: new (pages: { initial: number; maximum: number; shared: true }) => SharedMemory
}

/** Memory of WebAssembly, which other threads may be given, and which code of WebAssembly may look at ({@link quickenCrc} of crc.ts). */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
}

export const PAGE_BYTES = 4096

/** Bytes of the whole pages that so many bytes from the beginning of a page on lie in. */
export function wholePages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES
}

/** Of WebAssembly's memory; no relation to the pages of the system. */
const WASM_PAGE_BYTES = 65_536

/**
 * Memory that begins on a page, as O_DIRECT wants it; no other buffer does. The system gives its pages only when they are used.
 * @param bytes at least; what there is more of it is of use as well
 */
export function alignedMemory(bytes: number): SharedMemory {
  const pages = Math.ceil(bytes / WASM_PAGE_BYTES)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}
