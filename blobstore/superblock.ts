import { crc32 } from 'node:zlib'
import { MediaError } from '../domain/errors.ts'
import { FORMAT_VERSION, SUPERBLOCK_BYTES, SUPERBLOCK_HALF_BYTES } from './layout.ts'
import type { Span } from './scan.ts'

/** What a volume says of itself in its first block. */
export interface Superblock {
  readonly volume: number
  /** 16 random bytes. Every checksum of the volume's records starts from them, so another volume's bytes never pass. */
  readonly uuid: Uint8Array
  /** Epoch of the writer that created the volume. Records' epochs never go below it. */
  readonly epoch: number
}

/** High bit, name, CR LF: a text-mode copy or a stripped bit shows at once. */
const MAGIC = Uint8Array.of(0x89, 0x44, 0x52, 0x56, 0x4f, 0x4c, 0x0d, 0x0a)
const CRC_AT = SUPERBLOCK_HALF_BYTES - 4

export function encodeSuperblock(superblock: Superblock): Uint8Array {
  const block = new Uint8Array(SUPERBLOCK_BYTES)
  const half = block.subarray(0, SUPERBLOCK_HALF_BYTES)
  const view = new DataView(half.buffer, 0, SUPERBLOCK_HALF_BYTES)
  half.set(MAGIC)
  view.setUint16(8, FORMAT_VERSION, true)
  view.setUint32(12, SUPERBLOCK_BYTES, true)
  half.set(superblock.uuid, 16)
  view.setBigUint64(32, BigInt(superblock.volume), true)
  view.setUint32(40, superblock.epoch, true)
  view.setUint32(CRC_AT, crc32(half.subarray(0, CRC_AT)), true)
  block.set(half, SUPERBLOCK_HALF_BYTES)
  return block
}

/**
 * The superblock in the first 4,096 bytes of a volume; one sound half is enough.
 * VOLUME_UNKNOWN_FORMAT for another format version, BLOB_CORRUPT when neither half passes.
 */
export function decodeSuperblock(block: Uint8Array): Superblock {
  const halves = [0, SUPERBLOCK_HALF_BYTES].map((at) => block.subarray(at, at + SUPERBLOCK_HALF_BYTES))
  for (const half of halves) {
    const sound = decodeHalf(half)
    if (sound !== null) return sound
  }
  // The version is told before the checksum: where a later format keeps its checksum cannot be known here.
  for (const half of halves) {
    if (half.byteLength < 10 || !MAGIC.every((byte, at) => half[at] === byte)) continue
    const version = (half[8] ?? 0) | ((half[9] ?? 0) << 8)
    if (version !== FORMAT_VERSION) {
      throw new MediaError('VOLUME_UNKNOWN_FORMAT', `The volume has format version ${version}; this release knows ${FORMAT_VERSION}.`)
    }
  }
  throw new MediaError('BLOB_CORRUPT', 'Neither half of the superblock passes its checksum.')
}

/** Where a superblock with one sound half is bad. */
export function badHalves(block: Uint8Array): Span[] {
  return [0, SUPERBLOCK_HALF_BYTES]
    .map((start) => ({ start, end: start + SUPERBLOCK_HALF_BYTES }))
    .filter(({ start, end }) => decodeHalf(block.subarray(start, end)) === null)
}

function decodeHalf(half: Uint8Array): Superblock | null {
  if (half.byteLength !== SUPERBLOCK_HALF_BYTES || !MAGIC.every((byte, at) => half[at] === byte)) return null
  const view = new DataView(half.buffer, half.byteOffset, half.byteLength)
  if (view.getUint16(8, true) !== FORMAT_VERSION || view.getUint32(CRC_AT, true) !== crc32(half.subarray(0, CRC_AT))) return null
  return { uuid: half.slice(16, 32), volume: Number(view.getBigUint64(32, true)), epoch: view.getUint32(40, true) }
}
