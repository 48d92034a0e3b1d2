import { MediaError } from '../domain/errors.ts'
import type { CareOptions, CareOutcome, VolumeRow } from '../domain/volume-ports.ts'
import { HEADER_BYTES, recordBytes, SUPERBLOCK_BYTES } from './layout.ts'
import { decodeHeader, encodeRecord, seedOf } from './needle.ts'
import { generationKey } from './object-names.ts'
import { publishGeneration, type Rewriting } from './object-rewrite.ts'
import { lostTail } from './object-scrub.ts'
import { type ObjectView, openObjectView } from './object-view.ts'
import { encodeSuperblock, type Superblock } from './superblock.ts'
import { erasedIn } from './tombstone.ts'
import type { Report } from './volume-log.ts'
import { type SegmentRecord, walkSound } from './walk-segments.ts'

/**
 * Writes a volume anew, as one object, without its erased and replaced needles. Number, UUID, keys and cookies stay, so
 * locators and tombstones do; the epoch goes up by one, as it does in files. BLOB_CORRUPT: nothing bad is dropped.
 */
export async function compactObjectVolume(
  rewriting: Rewriting,
  row: VolumeRow,
  report: Report,
  options: CareOptions,
): Promise<CareOutcome> {
  const { objects, directory, graceMs } = rewriting
  const { volume } = row
  const view = await openObjectView(objects, volume, report)
  if (view === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  if (view.damaged) throw new MediaError('BLOB_CORRUPT', 'The volume has bad records.', { facts: { volume } })
  const lost = lostTail(view.state(), row)
  if (lost !== null) throw new MediaError('BLOB_CORRUPT', 'The end of the volume is gone.', { facts: { volume, ...lost } })
  const generation = await directory.beginRewrite(row, graceMs)
  if (generation === null) return { done: false, why: 'busy' }
  const superblock = { ...view.superblock, epoch: view.state().epochMax + 1 }
  const counts = { dropped: 0 }
  const body = rewritten(rewriting, view, superblock, options, counts)
  const { bytes } = await objects.put(generationKey(volume, generation), body, { ifNoneMatch: true, type: 'application/octet-stream' })
  return publishGeneration(rewriting, { row, generation, superblock, bytes, dropped: counts.dropped }, options)
}

async function* rewritten(
  { objects, clock }: Rewriting,
  view: ObjectView,
  superblock: Superblock,
  options: CareOptions,
  counts: { dropped: number },
): AsyncGenerator<Uint8Array> {
  const seed = seedOf(superblock.uuid)
  yield encodeSuperblock(superblock)
  let end = SUPERBLOCK_BYTES
  let batch = 0

  function encode(header: Parameters<typeof encodeRecord>[3], data: Uint8Array): Uint8Array {
    batch += 1
    const record = new Uint8Array(recordBytes(data.byteLength))
    // The object is there whole or not at all: all that lies before a record is as durable as it is.
    encodeRecord(record, 0, seed, { ...header, lastOfBatch: true, epoch: superblock.epoch, batch, durableThrough: end }, data)
    end += record.byteLength
    return record
  }

  for await (const record of walkSound(objects, superblock, view.segments(), { ...options, clock })) {
    if (record.header.type !== 'needle') continue
    if (erasedIn(view.erased, record.header) !== null || (await isReplaced(view, seed, record))) counts.dropped += 1
    else yield encode(record.header, record.data)
  }
  const none = { key: 0n, alt: 0, cookie: new Uint8Array(8), lastOfBatch: true, epoch: 0, batch: 0, durableThrough: 0 }
  yield encode({ ...none, type: 'mark' }, new Uint8Array(0))
}

/** Whether a later record is of the same needle. Fingerprints collide, so the header of each such record is asked. */
async function isReplaced(view: ObjectView, seed: number, { header, offset }: SegmentRecord): Promise<boolean> {
  for (const place of view.index.find(header.key, header.alt)) {
    if (place.offset <= offset) continue
    const other = decodeHeader(await view.read(place.offset, HEADER_BYTES), 0, seed)
    if (other === null || other === 'unknown')
      throw new MediaError('BLOB_CORRUPT', 'A record changed while it was read.', { facts: { offset: place.offset } })
    if (other.key === header.key && other.alt === header.alt) return true
  }
  return false
}
