/** Whether `bytes` holds exactly these at `offset`. */
export function startsWith(bytes: Uint8Array, lead: readonly number[], offset = 0): boolean {
  return lead.every((byte, index) => bytes[offset + index] === byte)
}

/** Bytes as Latin-1 text; shorter where the bytes end. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length))
}

/**
 * Gives memory back that is these bytes' alone, all of it: they are gone then. What is a part of something larger is left.
 * The collector looks at a small heap and comes late: tens of megabytes would wait for it, between which what stays is
 * scattered, so that the allocator could give little of them back to the system.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0)
}
