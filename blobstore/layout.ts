/**
 * Layout of volume format 1. All integers are little-endian; docs/formats/volume.md has every byte.
 * The format is frozen: a change of any of these numbers is a new version.
 */
export const FORMAT_VERSION = 1

export const SUPERBLOCK_BYTES = 4096
/** The superblock is two identical halves, so that one bad sector does not cost the volume. */
export const SUPERBLOCK_HALF_BYTES = 2048

/** Records start on multiples of this: a 32-bit offset in these units then reaches 32 GiB. */
export const ALIGN_BYTES = 8
export const HEADER_BYTES = 56
export const FOOTER_BYTES = 16

export const recordTypes = { needle: 1, tombstone: 2, packIndex: 3, mark: 4, versionTombstone: 5 } as const
export type RecordType = keyof typeof recordTypes

/** Bytes that a record with `length` bytes of data takes up in a volume. */
export function recordBytes(length: number): number {
  return alignUp(HEADER_BYTES + length + FOOTER_BYTES)
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES
}
