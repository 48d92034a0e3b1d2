import type { ObjectStore } from '../domain/ports.ts'
import type { CareOptions, CareOutcome, VolumeBooks, VolumeRow } from '../domain/volume-ports.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { NeedleIndex } from './needle-index.ts'
import { putGenerationIndex } from './object-generation.ts'
import { generationKey, indexKey } from './object-names.ts'
import type { Clock } from './refresher.ts'
import type { Superblock } from './superblock.ts'
import { walkSound } from './walk-segments.ts'

/** What rewritings of volumes on objects work with. */
export interface Rewriting {
  readonly objects: ObjectStore
  readonly directory: VolumeBooks
  readonly clock: Clock
  /** How long what no longer counts is kept. */
  readonly graceMs: number
}

export interface Written {
  readonly row: VolumeRow
  readonly generation: number
  readonly superblock: Superblock
  readonly bytes: number
  readonly dropped: number
}

/**
 * Reads a generation back, every byte checked (BLOB_CORRUPT); then tells readers of it, and then the books. Should it end in between,
 * readers may use the generation until it is collected, and then find what it was made of, which the books still name.
 */
export async function publishGeneration(rewriting: Rewriting, written: Written, options: CareOptions): Promise<CareOutcome> {
  const { objects, directory, clock, graceMs } = rewriting
  const { row, generation, superblock, bytes, dropped } = written
  const index = new NeedleIndex()
  const state = { offset: bytes, lastBatch: 0, epochMax: superblock.epoch }
  const segment = { key: generationKey(row.volume, generation), base: 0, start: SUPERBLOCK_BYTES, end: bytes }
  for await (const { header, offset, bytes: size } of walkSound(objects, superblock, [segment], { ...options, clock })) {
    state.lastBatch = header.batch
    state.epochMax = Math.max(state.epochMax, header.epoch)
    if (header.type === 'needle') index.add(header.key, header.alt, offset, size)
  }
  options.signal?.throwIfAborted()
  await putGenerationIndex(objects, generation, superblock, state, index)
  const counts = await directory.finishRewrite(row, generation, { bytes, needles: index.count }, graceMs)
  if (!counts) {
    // It never can: its number is of nobody else. What was written late is not left to a collection that is over.
    await objects.delete(indexKey(row.volume, generation))
    await objects.delete(generationKey(row.volume, generation))
    return { done: false, why: 'busy' }
  }
  return { done: true, bytesBefore: row.bytes ?? 0, bytesAfter: bytes, kept: index.count, dropped }
}
