import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { decodeSnapshot, encodeSnapshot } from './index-snapshot.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { seedOf } from './needle.ts'
import { NeedleIndex } from './needle-index.ts'
import { generationKey, generationOf, indexKey, indexPrefix } from './object-names.ts'
import { readObject } from './object-reads.ts'
import { type ScanState, type Span, scan } from './scan.ts'
import { decodeSuperblock, encodeSuperblock, type Superblock } from './superblock.ts'

/** A rewritten volume as a reader loads it. */
export interface Generation {
  readonly generation: number
  readonly key: string
  readonly superblock: Superblock
  readonly index: NeedleIndex
  readonly state: ScanState
  readonly damage: readonly Span[]
}

/**
 * The newest generation that is there whole, or null while the volume is its packs. An index alone is not enough: one
 * that was put too late, after its bytes were collected, is passed over. `harmed` is the newest of those that are not
 * whole: all that there is, where there are no packs either.
 */
export async function newestGeneration(
  objects: ObjectStore,
  volume: number,
): Promise<{ readonly whole: Generation | null; readonly harmed: Generation | null }> {
  for (let before = ''; ; ) {
    const generations: number[] = []
    for await (const { key } of objects.list(indexPrefix(volume))) generations.push(generationOf(key) ?? 0)
    let harmed: Generation | null = null
    for (const generation of generations.toReversed()) {
      const [loaded, body] = await Promise.all([
        loadGeneration(objects, volume, generation),
        objects.head(generationKey(volume, generation)),
      ])
      if (loaded === null) continue
      if (body?.bytes === loaded.state.offset) return { whole: loaded, harmed }
      harmed ??= loaded
    }
    // What was listed may have been collected since, because another took its place: that one is on a new list.
    const listed = generations.join()
    if (listed === before) return { whole: null, harmed }
    before = listed
  }
}

/** Puts the index of a generation whose bytes have been read back: from now on readers use it. */
export async function putGenerationIndex(
  objects: ObjectStore,
  generation: number,
  superblock: Superblock,
  state: ScanState,
  index: NeedleIndex,
): Promise<void> {
  const body = new Uint8Array(Buffer.concat([encodeSuperblock(superblock), encodeSnapshot(superblock, state, index)]))
  await objects.put(indexKey(superblock.volume, generation), body, { ifNoneMatch: true, type: 'application/octet-stream' })
}

/** Null when it is gone by now. An index that is damaged is made anew from the volume's bytes. BLOB_CORRUPT, VOLUME_UNKNOWN_FORMAT. */
async function loadGeneration(objects: ObjectStore, volume: number, generation: number): Promise<Generation | null> {
  const key = generationKey(volume, generation)
  const body = await readObject(objects, indexKey(volume, generation))
  if (body === null) return null
  const superblock = superblockOf(body)
  const snapshot = superblock === null ? null : decodeSnapshot(superblock, body.subarray(SUPERBLOCK_BYTES))
  if (superblock !== null && snapshot !== null) return { generation, key, superblock, ...snapshot, damage: [] }
  return rebuilt(objects, key, generation)
}

function superblockOf(body: Uint8Array): Superblock | null {
  try {
    return decodeSuperblock(body.subarray(0, SUPERBLOCK_BYTES))
  } catch (error) {
    if (error instanceof MediaError && error.code === 'BLOB_CORRUPT') return null
    throw error
  }
}

async function rebuilt(objects: ObjectStore, key: string, generation: number): Promise<Generation | null> {
  const size = (await objects.head(key))?.bytes
  if (size === undefined) return null
  const read = async (offset: number, length: number) =>
    offset >= size
      ? new Uint8Array(0)
      : ((await readObject(objects, key, { start: offset, end: offset + length - 1 })) ?? new Uint8Array(0))
  const block = await readObject(objects, key, { start: 0, end: SUPERBLOCK_BYTES - 1 })
  if (block === null) return null
  const superblock = decodeSuperblock(block)
  const index = new NeedleIndex()
  const from = { offset: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch }
  const found = await scan(
    read,
    seedOf(superblock.uuid),
    from,
    ({ header, offset, bytes }) => {
      if (header.type === 'needle') index.add(header.key, header.alt, offset, bytes)
    },
    { resync: true },
  )
  return { generation, key, superblock, index, state: { ...found, offset: found.end }, damage: found.damage }
}
