import { FOOTER_BYTES, HEADER_BYTES, recordBytes } from './layout.ts'
import { checkBody, decodeHeader, encodeRecord, seedOf } from './needle.ts'
import type { Superblock } from './superblock.ts'
import type { LogEntry } from './volume-log.ts'

/**
 * A pack is one commit as an immutable object: the records, then a pack index record that says where
 * they are. A volume's superblock and packs, one after another, are a volume file of the same format.
 */
const FIXED_BYTES = 24
const ENTRY_BYTES = 24

export interface PackIndex {
  /** Where the pack's first byte lies in the volume. */
  readonly base: number
  /** Number of the last batch of needles. */
  readonly lastBatch: number
  readonly epoch: number
  readonly entries: readonly LogEntry[]
}

/** Bytes of the index record of a pack with so many needles. */
export function packIndexBytes(entries: number): number {
  return recordBytes(FIXED_BYTES + entries * ENTRY_BYTES)
}

/** The records followed by their index. `lastBatch` and every entry's offset are the volume's. */
export function encodePack(superblock: Superblock, records: Uint8Array, index: PackIndex): Uint8Array {
  const data = new Uint8Array(FIXED_BYTES + index.entries.length * ENTRY_BYTES)
  const view = new DataView(data.buffer)
  view.setBigUint64(0, BigInt(index.base), true)
  view.setBigUint64(8, BigInt(index.lastBatch), true)
  view.setUint32(16, index.entries.length, true)
  let at = FIXED_BYTES
  for (const { key, alt, offset, bytes } of index.entries) {
    view.setBigUint64(at, key, true)
    view.setUint32(at + 8, alt, true)
    view.setUint32(at + 12, bytes, true)
    view.setBigUint64(at + 16, BigInt(offset), true)
    at += ENTRY_BYTES
  }
  const pack = new Uint8Array(records.byteLength + packIndexBytes(index.entries.length))
  pack.set(records)
  const header = {
    type: 'packIndex',
    lastOfBatch: true,
    epoch: index.epoch,
    alt: 0,
    key: 0n,
    cookie: new Uint8Array(8),
    // A batch of its own, so that packs put one after another are whole batches in order.
    batch: index.lastBatch + 1,
    durableThrough: index.base,
  } as const
  encodeRecord(pack, records.byteLength, seedOf(superblock.uuid), header, data)
  return pack
}

/**
 * The index in the last bytes of a pack: read; or 'more', with the bytes to ask for; or null when it is damaged.
 */
export function decodePackIndex(superblock: Superblock, tail: Uint8Array): PackIndex | { readonly more: number } | null {
  if (tail.byteLength < FOOTER_BYTES) return null
  const end = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  // The data's length is a multiple of 8, so no padding follows the footer.
  const length = end.getUint32(tail.byteLength - FOOTER_BYTES + 4, true)
  const total = HEADER_BYTES + length + FOOTER_BYTES
  if (length < FIXED_BYTES || (length - FIXED_BYTES) % ENTRY_BYTES !== 0) return null
  if (total > tail.byteLength) return { more: total }
  const at = tail.byteLength - total
  const header = decodeHeader(tail, at, seedOf(superblock.uuid))
  if (header === null || header === 'unknown' || header.type !== 'packIndex' || header.length !== length) return null
  const body = checkBody(tail, at, length)
  if (body === null) return null
  const view = new DataView(body.data.buffer, body.data.byteOffset, length)
  const count = view.getUint32(16, true)
  if (FIXED_BYTES + count * ENTRY_BYTES !== length) return null
  const entries = Array.from({ length: count }, (_, index) => {
    const entry = FIXED_BYTES + index * ENTRY_BYTES
    return {
      key: view.getBigUint64(entry, true),
      alt: view.getUint32(entry + 8, true),
      bytes: view.getUint32(entry + 12, true),
      offset: Number(view.getBigUint64(entry + 16, true)),
    }
  })
  return { base: Number(view.getBigUint64(0, true)), lastBatch: Number(view.getBigUint64(8, true)), epoch: header.epoch, entries }
}
