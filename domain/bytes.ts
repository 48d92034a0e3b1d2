/** Whether `bytes` holds exactly these at `offset`. */
export function startsWith(bytes: Uint8Array, lead: readonly number[], offset = 0): boolean {
  return lead.every((byte, index) => bytes[offset + index] === byte)
}

/** Bytes as Latin-1 text; shorter where the bytes end. */
export function textAt(bytes: Uint8Array, offset: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(offset, offset + length))
}
