import { SUPERBLOCK_BYTES } from '../../blobstore/layout.ts'
import { checkBody, seedOf } from '../../blobstore/needle.ts'
import { type FoundRecord, scan } from '../../blobstore/scan.ts'
import { decodeSuperblock } from '../../blobstore/superblock.ts'
import type { BlobStore } from '../../domain/ports.ts'
import { codeOf } from '../../domain/errors.ts'
import type { Harm } from './crash-image.ts'
import type { FaultDisk } from './fault-disk.ts'
import { type SimModel, simData } from './sim-model.ts'

export const SIM_FOLDER = '/sim'

export class Violation extends Error {}

export interface SimRecord {
  readonly volume: number
  readonly key: bigint
  readonly alt: number
  readonly start: number
  readonly end: number
  readonly durableThrough: number
  readonly bytes: Uint8Array
  readonly length: number
}

/** Every needle record of every volume, as a scan finds them. */
export async function recordsOf(disk: FaultDisk): Promise<SimRecord[]> {
  const records: SimRecord[] = []
  for (const path of disk.paths().filter((name) => name.endsWith('.volume'))) {
    const bytes = disk.bytesOf(path)
    const superblock = decodeSuperblock(bytes.subarray(0, SUPERBLOCK_BYTES))
    const from = { offset: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch }
    const add = ({ header, offset, bytes: total }: FoundRecord) => {
      const record = bytes.subarray(offset, offset + total)
      const end = offset + total
      const { key, alt, durableThrough, length } = header
      if (header.type === 'needle')
        records.push({ volume: superblock.volume, key, alt, start: offset, end, durableThrough, bytes: record, length })
    }
    await scan(async (offset, length) => bytes.subarray(offset, offset + length), seedOf(superblock.uuid), from, add, { resync: true })
  }
  return records
}

/**
 * Compares a store that was just opened after a crash with what was asked and answered before it.
 * Acknowledged and not erased: read, byte for byte. Erased: refused. On the disk: nothing that was never
 * asked for, no part of a batch, nothing that was gone after an earlier restart.
 */
export async function checkAfterCrash(store: BlobStore, disk: FaultDisk, model: SimModel): Promise<Set<bigint>> {
  const erased = new Set(model.erased.map(({ key, volume }) => `${key}/${volume}`))
  const erasing = new Set(model.erasing.map(({ key, volume }) => `${key}/${volume}`))
  for (const { batch, locators } of model.acknowledged) {
    for (const [index, locator] of locators.entries()) {
      const name = `${batch.key}/${locator.volume}`
      const outcome = await outcomeOf(store, batch.key, locator, simData(batch.key, index, batch.lengths[index] ?? 0))
      if (erased.has(name) && outcome !== 'MEDIA_ERASED') throw new Violation(`resurrected: ${name} alt ${index} was erased: ${outcome}`)
      if (!erased.has(name) && outcome !== 'right' && !(erasing.has(name) && outcome === 'MEDIA_ERASED'))
        throw new Violation(`lost: ${name} alt ${index} was acknowledged: ${outcome}`)
    }
  }
  return checkNoPhantoms(disk, model)
}

async function checkNoPhantoms(disk: FaultDisk, model: SimModel): Promise<Set<bigint>> {
  const asked = new Map(model.started.map((batch) => [batch.key, batch]))
  const found = new Map<string, Set<number>>()
  for (const { volume, key, alt, bytes, length } of await recordsOf(disk)) {
    const batch = asked.get(key)
    const body = checkBody(bytes, 0, length)
    if (batch === undefined || batch.lengths[alt] !== length || body === null || Buffer.compare(body.data, simData(key, alt, length)) !== 0)
      throw new Violation(`phantom: ${key} alt ${alt} in volume ${volume} was never appended`)
    if (model.dead.has(key)) throw new Violation(`phantom: ${key} alt ${alt} came back after it was gone`)
    const name = `${key}/${volume}`
    found.set(name, (found.get(name) ?? new Set()).add(alt))
  }
  const keys = new Set<bigint>()
  for (const [name, alts] of found) {
    const key = BigInt(name.split('/')[0] ?? '')
    if (alts.size !== asked.get(key)?.lengths.length) throw new Violation(`phantom: a part of batch ${name}`)
    keys.add(key)
  }
  for (const key of model.settled) {
    if (!keys.has(key)) throw new Violation(`lost: ${key} was there after a restart`)
  }
  return keys
}

/**
 * As {@link checkAfterCrash} over a disk that was harmed. Whatever lies elsewhere, and below what a sound
 * record calls durable, is read as ever; what was hit is told as corrupt, never answered with other bytes. A sector
 * astray within its own volume may hide its neighbours too: they are told as corrupt.
 */
export async function checkAfterHarm(
  store: BlobStore,
  model: SimModel,
  before: readonly SimRecord[],
  harmed: Harm,
): Promise<'served' | 'detected'> {
  const erased = new Set(model.erased.map(({ key, volume }) => `${key}/${volume}`))
  const erasing = new Set(model.erasing.map(({ key }) => key))
  const pathOf = (volume: number) => `${SIM_FOLDER}/${volume}.volume`
  const isHit = (record: SimRecord) => pathOf(record.volume) === harmed.path && record.start < harmed.end && record.end > harmed.start
  const covered = new Map<number, number>()
  for (const record of before) {
    if (!isHit(record)) covered.set(record.volume, Math.max(covered.get(record.volume) ?? 0, record.durableThrough))
  }
  const recordOf = new Map(before.map((record) => [`${record.key}/${record.volume}/${record.alt}`, record]))
  let result: 'served' | 'detected' = 'served'
  for (const { batch, locators } of model.acknowledged) {
    for (const [index, locator] of locators.entries()) {
      const name = `${batch.key}/${locator.volume}`
      const outcome = await outcomeOf(store, batch.key, locator, simData(batch.key, index, batch.lengths[index] ?? 0))
      const record = recordOf.get(`${name}/${index}`)
      if (erased.has(name)) {
        if (outcome !== 'MEDIA_ERASED') throw new Violation(`resurrected: ${name} after harm: ${outcome}`)
        continue
      }
      if (outcome === 'wrong') throw new Violation(`wrong bytes: ${name} alt ${index}`)
      if (outcome === 'right' || (outcome === 'MEDIA_ERASED' && erasing.has(batch.key))) continue
      result = 'detected'
      const isCovered = record !== undefined && record.start < (covered.get(record.volume) ?? 0)
      if (!isCovered) continue
      if (!isHit(record) && !(harmed.astray && outcome === 'BLOB_CORRUPT'))
        throw new Violation(`lost: ${name} alt ${index} was not hit: ${outcome}`)
      if (outcome !== 'BLOB_CORRUPT') throw new Violation(`not told as corrupt: ${name} alt ${index}: ${outcome}`)
    }
  }
  return result
}

export async function outcomeOf(
  store: Pick<BlobStore, 'read'>,
  key: bigint,
  locator: Parameters<BlobStore['read']>[1],
  data: Uint8Array,
): Promise<string> {
  try {
    const read = await store.read(key, locator)
    return Buffer.compare(read.data, data) === 0 ? 'right' : 'wrong'
  } catch (error) {
    return codeOf(error) === 'INTERNAL' ? String(error) : codeOf(error)
  }
}
