import { crc32 } from 'node:zlib'
import { copyBytes } from './copy-bytes.ts'
import { crcOf, shortCrc } from './crc.ts'
import { FOOTER_BYTES, FORMAT_VERSION, HEADER_BYTES, type RecordType, recordBytes, recordTypes } from './layout.ts'

/** First four bytes of every record ("nEDL" with the high bit set), and of every footer ("EDLn"). */
export const HEADER_MAGIC = 0xcc44_456e
const FOOTER_MAGIC = 0xee4c_4445

/** Flag: this record ends its batch. A batch without it never became whole. */
const LAST_OF_BATCH = 1
export const COOKIE_BYTES = 8

const typeNames = new Map<number, RecordType>(Object.entries(recordTypes).map(([name, code]) => [code, name as RecordType]))

export interface RecordHeader {
  readonly type: RecordType
  readonly lastOfBatch: boolean
  readonly epoch: number
  readonly alt: number
  readonly key: bigint
  /** 8 bytes that only a locator tells. */
  readonly cookie: Uint8Array
  /** Counts batches in a volume from 1. */
  readonly batch: number
  /** All below this offset was on stable storage before the record was written. */
  readonly durableThrough: number
  /** Bytes of data. */
  readonly length: number
}

/** The checksum state that a volume's records start from. */
export function seedOf(uuid: Uint8Array): number {
  return crc32(uuid)
}

/**
 * Writes a whole record into `target` at `at` and returns the bytes it took.
 * `target` must have room for `recordBytes(data.byteLength)`.
 */
export function encodeRecord(target: Uint8Array, at: number, seed: number, header: Omit<RecordHeader, 'length'>, data: Uint8Array): number {
  const total = recordBytes(data.byteLength)
  const view = new DataView(target.buffer, target.byteOffset + at, total)
  view.setUint32(0, HEADER_MAGIC, true)
  view.setUint8(4, FORMAT_VERSION)
  view.setUint8(5, recordTypes[header.type])
  view.setUint16(6, header.lastOfBatch ? LAST_OF_BATCH : 0, true)
  view.setUint32(8, header.epoch, true)
  view.setUint32(12, header.alt, true)
  view.setBigUint64(16, header.key, true)
  for (let index = 0; index < COOKIE_BYTES; index += 1) target[at + 24 + index] = header.cookie[index] ?? 0
  view.setUint32(32, header.batch >>> 0, true)
  view.setUint32(36, Math.floor(header.batch / 2 ** 32), true)
  view.setUint32(40, header.durableThrough >>> 0, true)
  view.setUint32(44, Math.floor(header.durableThrough / 2 ** 32), true)
  view.setUint32(48, data.byteLength, true)
  const headerCrc = shortCrc(target, at, 52, seed)
  view.setUint32(52, headerCrc, true)
  copyBytes(target, at + HEADER_BYTES, data)
  const footer = HEADER_BYTES + data.byteLength
  view.setUint32(footer, FOOTER_MAGIC, true)
  view.setUint32(footer + 4, data.byteLength, true)
  view.setUint32(footer + 8, crcOf(target.subarray(at + HEADER_BYTES, at + footer)), true)
  view.setUint32(footer + 12, shortCrc(target, at + footer, 12, headerCrc), true)
  for (let pad = footer + FOOTER_BYTES; pad < total; pad += 1) target[at + pad] = 0
  return total
}

/**
 * The header at `at`; null when it is not one of this volume, whole and unharmed;
 * 'unknown' when it is, but of a format version or type that this release does not know.
 */
export function decodeHeader(bytes: Uint8Array, at: number, seed: number): RecordHeader | 'unknown' | null {
  const view = soundHeader(bytes, at, seed)
  return view === null ? null : fieldsOf(bytes, at, view)
}

function soundHeader(bytes: Uint8Array, at: number, seed: number): DataView | null {
  if (at + HEADER_BYTES > bytes.byteLength) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES)
  if (view.getUint32(0, true) !== HEADER_MAGIC) return null
  return view.getUint32(52, true) === shortCrc(bytes, at, 52, seed) ? view : null
}

function typeOf(view: DataView): RecordType | null {
  return view.getUint8(4) === FORMAT_VERSION ? (typeNames.get(view.getUint8(5)) ?? null) : null
}

function fieldsOf(bytes: Uint8Array, at: number, view: DataView): RecordHeader | 'unknown' {
  const type = typeOf(view)
  if (type === null) return 'unknown'
  return {
    type,
    lastOfBatch: (view.getUint16(6, true) & LAST_OF_BATCH) !== 0,
    epoch: view.getUint32(8, true),
    alt: view.getUint32(12, true),
    key: view.getBigUint64(16, true),
    cookie: bytes.slice(at + 24, at + 32),
    batch: view.getUint32(32, true) + view.getUint32(36, true) * 2 ** 32,
    durableThrough: view.getUint32(40, true) + view.getUint32(44, true) * 2 ** 32,
    length: view.getUint32(48, true),
  }
}

/**
 * The data of the record at `at`, whose header has passed, and the data's CRC-32;
 * null when any byte of data, footer or padding is not what was written.
 */
export function checkBody(bytes: Uint8Array, at: number, length: number): { readonly data: Uint8Array; readonly crc: number } | null {
  const total = recordBytes(length)
  if (at + total > bytes.byteLength) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, total)
  const footer = HEADER_BYTES + length
  if (view.getUint32(footer, true) !== FOOTER_MAGIC || view.getUint32(footer + 4, true) !== length) return null
  // The footer's checksum continues the header's: the two ends of a record belong together.
  if (view.getUint32(footer + 12, true) !== shortCrc(bytes, at + footer, 12, view.getUint32(52, true))) return null
  for (let pad = footer + FOOTER_BYTES; pad < total; pad += 1) if (view.getUint8(pad) !== 0) return null
  const data = bytes.subarray(at + HEADER_BYTES, at + footer)
  const crc = view.getUint32(footer + 8, true)
  return crcOf(data) === crc ? { data, crc } : null
}

/** Whether `bytes` begin with a whole record of the volume, every byte as it was written. */
export function isSoundRecord(bytes: Uint8Array, seed: number): boolean {
  const view = soundHeader(bytes, 0, seed)
  return view !== null && typeOf(view) !== null && checkBody(bytes, 0, view.getUint32(48, true)) !== null
}

/** The record that `bytes` begin with, where {@link isSoundRecord} has said yes of these very bytes. */
export function readSoundRecord(bytes: Uint8Array): { readonly header: RecordHeader; readonly data: Uint8Array; readonly crc: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = fieldsOf(bytes, 0, view)
  if (header === 'unknown') throw new Error('a record that is not known was called sound')
  const footer = HEADER_BYTES + header.length
  return { header, data: bytes.subarray(HEADER_BYTES, footer), crc: view.getUint32(footer + 8, true) }
}
