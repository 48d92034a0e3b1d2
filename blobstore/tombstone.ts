import { HEADER_BYTES, recordBytes, type RecordType } from './layout.ts'
import { checkBody, decodeHeader, encodeRecord, seedOf } from './needle.ts'
import type { Superblock } from './superblock.ts'

const RECORD_BYTES = recordBytes(0)
const NONE = new Uint8Array(0)
const types: ReadonlySet<RecordType> = new Set(['tombstone', 'versionTombstone'])

/** A tombstone is written twice in a row: to lose one would bring an erased picture back. */
export const TOMBSTONE_BYTES = 2 * RECORD_BYTES

/** Bits of a key; and of an alternate key below its version. */
const KEY_BITS = 64n
const PLACE_BITS = 24
const VERSION_MAX = 255

/**
 * What a tombstone is for: a key, or of a key one version, whose number is put above the key's 64 bits. Either is final for all needles
 * of it in the volume, earlier and later.
 */
export function graveOf(key: bigint, version?: number): bigint {
  if (version === undefined) return key
  // Version 0 would be the whole key.
  if (!(version >= 1 && version <= VERSION_MAX)) throw new Error(`there is no version ${version} of a key`)
  return (BigInt(version) << KEY_BITS) | key
}

/** What of a needle a volume has a tombstone for. */
export function erasedIn(
  erased: ReadonlySet<bigint>,
  { key, alt }: { readonly key: bigint; readonly alt: number },
): 'key' | 'version' | null {
  if (erased.has(key)) return 'key'
  const version = alt >>> PLACE_BITS
  return version > 0 && erased.has(graveOf(key, version)) ? 'version' : null
}

/** The tombstone of a grave, twice. */
export function encodeTombstone(superblock: Superblock, grave: bigint): Uint8Array {
  const bytes = new Uint8Array(TOMBSTONE_BYTES)
  const version = Number(grave >> KEY_BITS)
  const header = {
    type: version === 0 ? 'tombstone' : 'versionTombstone',
    lastOfBatch: true,
    epoch: superblock.epoch,
    alt: version * 2 ** PLACE_BITS,
    key: BigInt.asUintN(64, grave),
    cookie: new Uint8Array(8),
    batch: 0,
    durableThrough: 0,
  } as const
  const seed = seedOf(superblock.uuid)
  for (let at = 0; at < TOMBSTONE_BYTES; at += RECORD_BYTES) encodeRecord(bytes, at, seed, header, NONE)
  return bytes
}

/**
 * The graves of a run of tombstones, and how many bytes of it belong to none.
 * The end may be torn and, after it, records may start at any byte, so each byte is tried.
 */
export function decodeTombstones(superblock: Superblock, bytes: Uint8Array): { readonly keys: bigint[]; readonly strayBytes: number } {
  const seed = seedOf(superblock.uuid)
  const keys = new Set<bigint>()
  let at = 0
  let strayBytes = 0
  while (at < bytes.byteLength) {
    const header = decodeHeader(bytes, at, seed)
    if (header !== null && header !== 'unknown' && types.has(header.type) && checkBody(bytes, at, 0) !== null) {
      keys.add(header.type === 'tombstone' ? header.key : graveOf(header.key, header.alt >>> PLACE_BITS))
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
