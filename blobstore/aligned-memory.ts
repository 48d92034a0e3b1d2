// The compiler's lib for Node has no WebAssembly.
declare const WebAssembly: {
  Memory: new <T extends boolean>(pages: {
    initial: number
    maximum: number
    shared: T
  }) => { readonly buffer: T extends true ? SharedArrayBuffer : ArrayBuffer }
}

/** Of WebAssembly's memory; no relation to the pages of the system. */
const WASM_PAGE_BYTES = 65_536

/**
 * Memory that begins on a page, as O_DIRECT wants it; no other buffer does. The system gives its pages only when they are used.
 * @param bytes whole times 64 KiB
 */
export function alignedMemory<T extends boolean>(bytes: number, shared: T): T extends true ? SharedArrayBuffer : ArrayBuffer {
  const pages = bytes / WASM_PAGE_BYTES
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared }).buffer
}
