import { memoryVolumes } from '../../blobstore/memory-backend.ts'
import { createMemoryBlobStore } from '../../blobstore/memory.ts'
import { recordBytes, recordTypes, type RecordType, SUPERBLOCK_BYTES, SUPERBLOCK_HALF_BYTES } from '../../blobstore/layout.ts'
import { checkBody, decodeHeader, encodeRecord, seedOf } from '../../blobstore/needle.ts'
import { decodePackIndex, encodePack } from '../../blobstore/pack.ts'
import { decodeSuperblock, encodeSuperblock } from '../../blobstore/superblock.ts'
import { decodeTombstones, encodeTombstone } from '../../blobstore/tombstone.ts'
import { codeOf } from '../../domain/errors.ts'

export interface RotResult {
  readonly flips: number
  readonly undetected: readonly string[]
  /** Reads of the harmed needle through a whole store. */
  readonly reads: number
  readonly wrongBytes: number
}

const superblock = { volume: 7, epoch: 3, uuid: Uint8Array.from({ length: 16 }, (_, at) => at * 11) }
const seed = seedOf(superblock.uuid)

/** Whether each flip of one bit of `bytes` shows; `detects` is asked once for each. */
function everyFlip(bytes: Uint8Array, detects: (harmed: Uint8Array) => boolean): { flips: number; missed: number[] } {
  const missed: number[] = []
  for (let bit = 0; bit < bytes.byteLength * 8; bit += 1) {
    const harmed = bytes.slice()
    harmed[bit >>> 3] = (harmed[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
    if (!detects(harmed)) missed.push(bit)
  }
  return { flips: bytes.byteLength * 8, missed }
}

function recordOf(type: RecordType, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(recordBytes(data.byteLength))
  const header = { type, lastOfBatch: true, epoch: 3, alt: 5, key: 99n, cookie: new Uint8Array(8).fill(7), batch: 4, durableThrough: 4096 }
  encodeRecord(bytes, 0, seed, header, data)
  return bytes
}

/** Flips every bit of every kind of record and of the superblock, one at a time. */
export async function flipEveryBit(dataBytes: number): Promise<RotResult> {
  const undetected: string[] = []
  let flips = 0
  const look = (name: string, bytes: Uint8Array, detects: (harmed: Uint8Array) => boolean) => {
    const result = everyFlip(bytes, detects)
    flips += result.flips
    undetected.push(...result.missed.map((bit) => `${name}: bit ${bit & 7} of byte ${bit >>> 3}`))
  }
  const data = Uint8Array.from({ length: dataBytes }, (_, at) => (at * 31) & 255)
  for (const type of Object.keys(recordTypes) as RecordType[]) {
    look(type, recordOf(type, type === 'mark' || type === 'tombstone' ? new Uint8Array(0) : data), (harmed) => {
      const header = decodeHeader(harmed, 0, seed)
      return header === null || header === 'unknown' || checkBody(harmed, 0, header.length) === null
    })
  }
  // A sound half is enough, so that the harmed one is not used has to be looked at with two harmed ones.
  look('superblock', encodeSuperblock(superblock).slice(0, SUPERBLOCK_HALF_BYTES), (half) => {
    const block = new Uint8Array(SUPERBLOCK_BYTES)
    block.set(half)
    block.set(half, SUPERBLOCK_HALF_BYTES)
    try {
      decodeSuperblock(block)
      return false
    } catch {
      return true
    }
  })
  look('tombstone pair', encodeTombstone(superblock, 99n), (harmed) => {
    const { keys, strayBytes } = decodeTombstones(superblock, harmed)
    return strayBytes > 0 && keys.length === 1 && keys[0] === 99n
  })
  const entries = [{ key: 1n, alt: 2, offset: 4096, bytes: recordBytes(8) }]
  const pack = encodePack(superblock, new Uint8Array(recordBytes(8)), { base: 4096, lastBatch: 1, epoch: 3, entries })
  look('pack index', pack.slice(recordBytes(8)), (harmed) => {
    const found = decodePackIndex(superblock, harmed)
    return found === null || 'more' in found
  })
  return { flips, undetected, ...(await readEveryFlip(data)) }
}

/** Reads a needle of a store each bit of whose record is flipped in turn. */
async function readEveryFlip(data: Uint8Array): Promise<{ reads: number; wrongBytes: number }> {
  const volumes = memoryVolumes()
  const store = await createMemoryBlobStore({ volumes })
  const [locator] = await store.append([{ key: 99n, alt: 5, data }])
  await store.append([{ key: 100n, alt: 0, data: new Uint8Array(1) }])
  const log = volumes.logs.get(1)
  if (locator === undefined || log === undefined) throw new Error('nothing was stored')
  let wrongBytes = 0
  const reads = recordBytes(data.byteLength) * 8
  for (let bit = 0; bit < reads; bit += 1) {
    const at = SUPERBLOCK_BYTES + (bit >>> 3)
    log[at] = (log[at] ?? 0) ^ (1 << (bit & 7))
    const served = await store.read(99n, locator).then(
      () => true,
      (error: unknown) => codeOf(error) !== 'BLOB_CORRUPT',
    )
    if (served) wrongBytes += 1
    log[at] = (log[at] ?? 0) ^ (1 << (bit & 7))
  }
  await store.close()
  return { reads, wrongBytes }
}
