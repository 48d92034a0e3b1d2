import { crc32 } from 'node:zlib'
import { NeedleIndex } from './needle-index.ts'
import type { ScanState } from './scan.ts'
import type { Superblock } from './superblock.ts'

const MAGIC = Uint8Array.of(0x89, 0x44, 0x52, 0x49, 0x44, 0x58, 0x0d, 0x0a)
const VERSION = 1
const HEAD_BYTES = 80

/**
 * An index as bytes, and how much of the volume it covers: what was durable when it was taken. A copy of what the
 * volume says itself: when it is gone, damaged or of another volume or epoch, the volume is scanned from its start.
 */
export function encodeSnapshot(superblock: Superblock, state: ScanState, index: NeedleIndex): Uint8Array {
  const { fingerprints, offsets, sizes } = index.tables()
  const parts = [fingerprints, offsets, sizes].map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
  const bytes = new Uint8Array(HEAD_BYTES + index.bytes)
  let at = HEAD_BYTES
  for (const part of parts) {
    bytes.set(part, at)
    at += part.byteLength
  }
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint32(8, VERSION, true)
  view.setUint32(12, superblock.epoch, true)
  bytes.set(superblock.uuid, 16)
  view.setBigUint64(32, BigInt(superblock.volume), true)
  view.setBigUint64(40, BigInt(state.offset), true)
  view.setBigUint64(48, BigInt(state.lastBatch), true)
  view.setUint32(56, state.epochMax, true)
  view.setUint32(60, fingerprints.length, true)
  view.setUint32(64, index.count, true)
  view.setUint32(72, crc32(bytes.subarray(HEAD_BYTES)), true)
  view.setUint32(76, crc32(bytes.subarray(0, 76)), true)
  return bytes
}

/** Null when it is not a whole snapshot of this volume. The index may keep `bytes` as its memory. */
export function decodeSnapshot(
  superblock: Superblock,
  bytes: Uint8Array,
): { readonly index: NeedleIndex; readonly state: ScanState } | null {
  if (bytes.byteLength < HEAD_BYTES || !MAGIC.every((byte, at) => bytes[at] === byte)) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(76, true) !== crc32(bytes.subarray(0, 76)) || view.getUint32(8, true) !== VERSION) return null
  if (view.getUint32(12, true) !== superblock.epoch || !superblock.uuid.every((byte, at) => bytes[16 + at] === byte)) return null
  const slots = view.getUint32(60, true)
  if (bytes.byteLength !== HEAD_BYTES + slots * NeedleIndex.slotBytes) return null
  if (view.getUint32(72, true) !== crc32(bytes.subarray(HEAD_BYTES))) return null
  // Typed arrays want memory that is aligned to their elements.
  const aligned = (bytes.byteOffset + HEAD_BYTES) % 4 === 0 ? bytes : new Uint8Array(bytes)
  const start = aligned.byteOffset + HEAD_BYTES
  const index = NeedleIndex.of({
    fingerprints: new Uint32Array(aligned.buffer, start, slots),
    offsets: new Uint32Array(aligned.buffer, start + 4 * slots, slots),
    sizes: new Uint16Array(aligned.buffer, start + 8 * slots, slots),
    count: view.getUint32(64, true),
  })
  const offset = Number(view.getBigUint64(40, true))
  return { index, state: { offset, lastBatch: Number(view.getBigUint64(48, true)), epochMax: view.getUint32(56, true) } }
}
