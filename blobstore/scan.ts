import { MediaError } from '../domain/errors.ts'
import { ALIGN_BYTES, HEADER_BYTES, recordBytes } from './layout.ts'
import { checkBody, decodeHeader, HEADER_MAGIC, type RecordHeader } from './needle.ts'

/** Any run of bytes that can be read by offset; an answer shorter than asked ends where the bytes end. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>

export interface FoundRecord {
  readonly offset: number
  readonly bytes: number
  readonly header: RecordHeader
}

export interface Span {
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

export interface ScanResult {
  /** Where the next record goes: after the last whole batch. */
  readonly end: number
  readonly lastBatch: number
  readonly epochMax: number
  /** Bytes that were durable once and are no records now; an empty span where a record is missing. Nothing in them is touched. */
  readonly damage: readonly Span[]
  /** Whether bytes of a batch that never became whole lie at `end`. */
  readonly torn: boolean
}

export interface ScanState {
  readonly offset: number
  readonly lastBatch: number
  readonly epochMax: number
}

const WINDOW_BYTES = 256 * 1024
const LONG_RECORD_BYTES = 32 * 1024
const magic = Uint8Array.of(HEADER_MAGIC & 255, (HEADER_MAGIC >>> 8) & 255, (HEADER_MAGIC >>> 16) & 255, HEADER_MAGIC >>> 24)

/**
 * Walks a volume's records from `from` and tells `onRecord` of those that are live, in order.
 *
 * A record that some later record's durable-through covers was acknowledged: when it is bad, that is
 * damage, kept as it is, and the walk goes on at the next sound header. Whatever no durable-through
 * covers is the last commit's: it is checked to the last byte, and counts up to its last whole batch.
 * Epochs never go down and batches follow one another, so leftovers of an earlier writer are not taken for records.
 * VOLUME_UNKNOWN_FORMAT when a sound record has a version or type that this release does not know.
 *
 * A writer may be at work meanwhile: what it acknowledged before the walk began is found, and some of what it appends later.
 * @param resync search beyond a bad record for more; false when following a writer that is still at work
 */
export async function scan(
  read: ReadAt,
  seed: number,
  from: ScanState,
  onRecord: (record: FoundRecord) => void,
  options: { readonly resync: boolean },
): Promise<ScanResult> {
  const window = createWindow(read)
  const damage: Span[] = []
  let pending: FoundRecord[] = []
  let durable = from.offset
  let offset = from.offset
  let last: Chain = { batch: from.lastBatch, lastOfBatch: true, epoch: from.epochMax }
  let settled: Chain = last
  let sawBytes = false

  /** The record's header there, if it is the next one. */
  async function nextAt(at: number): Promise<{ readonly bytes: Uint8Array; readonly header: RecordHeader | null }> {
    const bytes = await window.at(at, HEADER_BYTES)
    const header = decodeHeader(bytes, 0, seed)
    if (header === 'unknown') throw unknownRecord(at)
    return { bytes, header: header !== null && belongs(header, at) && follows(last, header) ? header : null }
  }

  for (;;) {
    const { bytes, header } = await nextAt(offset)
    if (header !== null) {
      const record = { offset, bytes: recordBytes(header.length), header }
      durable = Math.max(durable, header.durableThrough)
      pending.push(record)
      last = { batch: header.batch, lastOfBatch: header.lastOfBatch, epoch: header.epoch }
      const loose = pending.findIndex((one) => one.offset >= durable)
      // All at once: of a long list each single one that is taken from its head moves all others.
      for (const covered of pending.splice(0, loose === -1 ? pending.length : loose)) {
        onRecord(covered)
        settled = { batch: covered.header.batch, lastOfBatch: true, epoch: covered.header.epoch }
      }
      offset += record.bytes
      window.hint(record.bytes)
      continue
    }
    // Of where the walk ends: what follows damage that it went on after is not torn.
    sawBytes = bytes.some((byte) => byte !== 0)
    if (!options.resync) break
    const found = await resyncFrom(read, seed, offset, last)
    if (found.next !== null) {
      // What is known to be durable by now may not have been there when these bytes were read, or not all of it: a writer is at work.
      window.drop()
      if ((await nextAt(offset)).header !== null) continue
    }
    durable = Math.max(durable, found.durable)
    const covered = pending.filter((record) => record.offset < durable)
    for (const record of covered) onRecord(record)
    if (found.next === null) {
      // A torn commit still tells that all before it was durable.
      const final = covered.at(-1)
      if (final !== undefined) settled = { batch: final.header.batch, lastOfBatch: true, epoch: final.header.epoch }
      pending = pending.slice(covered.length)
      break
    }
    damage.push({ start: offset, end: found.next })
    pending = []
    // Which batches lay in the damage is not known; the walk trusts the header it goes on from.
    last = { batch: -1, lastOfBatch: true, epoch: last.epoch }
    offset = found.next
  }

  const whole = await wholeBatches(read, pending)
  for (const record of whole) onRecord(record)
  const final = whole.at(-1) ?? null
  if (final !== null) settled = { batch: final.header.batch, lastOfBatch: true, epoch: final.header.epoch }
  const firstLoose = pending[whole.length]
  return {
    end: firstLoose === undefined ? offset : firstLoose.offset,
    lastBatch: Math.max(settled.batch, from.lastBatch),
    epochMax: settled.epoch,
    damage,
    torn: firstLoose !== undefined || sawBytes,
  }
}

interface Chain {
  readonly batch: number
  readonly lastOfBatch: boolean
  readonly epoch: number
}

function follows(last: Chain, header: RecordHeader): boolean {
  if (header.epoch < last.epoch) return false
  if (last.batch < 0) return true
  return header.batch === (last.lastOfBatch ? last.batch + 1 : last.batch)
}

async function isWhole(read: ReadAt, offset: number, header: RecordHeader): Promise<boolean> {
  return checkBody(await read(offset, recordBytes(header.length)), 0, header.length) !== null
}

/** The longest run of whole batches at the start of `records`, every byte checked. */
async function wholeBatches(read: ReadAt, records: readonly FoundRecord[]): Promise<readonly FoundRecord[]> {
  let whole = 0
  for (const [index, record] of records.entries()) {
    if (!(await isWhole(read, record.offset, record.header))) break
    if (record.header.lastOfBatch) whole = index + 1
  }
  return records.slice(0, whole)
}

/** A record tells of bytes before it only, and tombstones lie beside the log: others lie where they were not written. */
function belongs(header: RecordHeader, offset: number): boolean {
  return header.durableThrough <= offset && header.type !== 'tombstone' && header.type !== 'versionTombstone'
}

/**
 * What lies at and after `offset`, where no record follows the one before. `next` is the first sound header, if some header further on says that
 * `offset` was durable when it was written; null when none does, which makes the bad bytes a torn batch.
 * `durable` is the furthest that any of them says.
 */
async function resyncFrom(
  read: ReadAt,
  seed: number,
  offset: number,
  after: Chain,
): Promise<{ readonly next: number | null; readonly durable: number }> {
  let first: number | null = null
  let whole: number | null = null
  let durable = 0
  for (let at = offset; ; ) {
    const bytes = await read(at, WINDOW_BYTES + HEADER_BYTES)
    const searched = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let found = searched.indexOf(magic); found !== -1 && found < WINDOW_BYTES; found = searched.indexOf(magic, found + 1)) {
      if (found % ALIGN_BYTES !== 0) continue
      const header = decodeHeader(bytes, found, seed)
      if (header === null) continue
      if (header === 'unknown') throw unknownRecord(at + found)
      if (header.epoch < after.epoch || header.batch < after.batch || !belongs(header, at + found)) continue
      durable = Math.max(durable, header.durableThrough)
      // Its length is gone by from here on: a record that is not whole may be a piece of one, astray.
      first ??= at + found
      whole ??= (await isWhole(read, at + found, header)) ? at + found : null
      if (whole === null) continue
      if (durable > offset) return { next: whole, durable }
    }
    if (bytes.byteLength <= WINDOW_BYTES) return { next: durable > offset ? first : null, durable }
    at += WINDOW_BYTES
  }
}

function unknownRecord(offset: number): MediaError {
  return new MediaError('VOLUME_UNKNOWN_FORMAT', 'A record has a version or type that this release does not know.', { facts: { offset } })
}

/** Reads ahead where records are short, and only headers where they are long. */
function createWindow(read: ReadAt) {
  let start = 0
  let held: Uint8Array = new Uint8Array(0)
  let ahead = WINDOW_BYTES
  return {
    /** What was read may have changed since. */
    drop() {
      held = new Uint8Array(0)
    },
    hint(recordLength: number) {
      ahead = recordLength > LONG_RECORD_BYTES ? 4096 : WINDOW_BYTES
    },
    async at(offset: number, length: number): Promise<Uint8Array> {
      if (offset < start || offset + length > start + held.byteLength) {
        held = await read(offset, Math.max(length, ahead))
        start = offset
      }
      return held.subarray(offset - start, offset - start + length)
    },
  }
}
