import { HEADER_BYTES, recordBytes } from './layout.ts'
import { checkBody, decodeHeader, encodeRecord, seedOf } from './needle.ts'
import type { Superblock } from './superblock.ts'

const RECORD_BYTES = recordBytes(0)
const NONE = new Uint8Array(0)

/** A tombstone is written twice in a row: to lose one would bring an erased picture back. */
export const TOMBSTONE_BYTES = 2 * RECORD_BYTES

export function encodeTombstone(superblock: Superblock, key: bigint): Uint8Array {
  const bytes = new Uint8Array(TOMBSTONE_BYTES)
  const header = {
    type: 'tombstone',
    lastOfBatch: true,
    epoch: superblock.epoch,
    alt: 0,
    key,
    cookie: new Uint8Array(8),
    batch: 0,
    durableThrough: 0,
  } as const
  const seed = seedOf(superblock.uuid)
  for (let at = 0; at < TOMBSTONE_BYTES; at += RECORD_BYTES) encodeRecord(bytes, at, seed, header, NONE)
  return bytes
}

/**
 * The keys erased by a run of tombstones, and how many bytes of it belong to none.
 * The end may be torn and, after it, records may start at any byte, so each byte is tried.
 */
export function decodeTombstones(superblock: Superblock, bytes: Uint8Array): { readonly keys: bigint[]; readonly strayBytes: number } {
  const seed = seedOf(superblock.uuid)
  const keys = new Set<bigint>()
  let at = 0
  let strayBytes = 0
  while (at < bytes.byteLength) {
    const header = decodeHeader(bytes, at, seed)
    if (header !== null && header !== 'unknown' && header.type === 'tombstone' && checkBody(bytes, at, 0) !== null) {
      keys.add(header.key)
      at += RECORD_BYTES
    } else {
      strayBytes += 1
      at += 1
    }
  }
  return { keys: [...keys], strayBytes }
}

/** Bytes at the end of a tombstone log that may still be growing into a record. */
export const TOMBSTONE_TAIL_BYTES = TOMBSTONE_BYTES + HEADER_BYTES
