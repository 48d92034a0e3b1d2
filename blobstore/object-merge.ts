import { MediaError } from '../domain/errors.ts'
import type { ObjectPiece } from '../domain/ports.ts'
import type { CareOptions, CareOutcome, VolumeRow } from '../domain/volume-ports.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { generationKey, packKey } from './object-names.ts'
import { listSequence, readObject } from './object-reads.ts'
import { publishGeneration, type Rewriting } from './object-rewrite.ts'
import { createPace } from './pace.ts'
import { decodeSuperblock } from './superblock.ts'

/**
 * Makes one object of a sealed volume's packs, byte for byte as they lie one after another, so that every needle stays
 * where the indexes say. The bytes are read back and checked before readers are told; the packs stay until their grace is over.
 * BLOB_CORRUPT when a pack is gone, cut short or rotten: then the packs go on being the volume.
 */
export async function mergeVolume(rewriting: Rewriting, row: VolumeRow, options: CareOptions): Promise<CareOutcome> {
  const { objects, directory, clock, graceMs } = rewriting
  const { volume } = row
  const block = await readObject(objects, packKey(volume, 0))
  if (block === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  const superblock = decodeSuperblock(block)
  const pieces = await piecesOf(rewriting, row)
  const generation = await directory.beginRewrite(row, graceMs)
  if (generation === null) return { done: false, why: 'busy' }
  options.signal?.throwIfAborted()
  const pace = createPace({ ...options, clock }, row.bytes ?? 0)
  await objects.compose(generationKey(volume, generation), pieces, { ifNoneMatch: true, type: 'application/octet-stream', pace })
  // It leaves nothing out: what was erased before waits for a compaction still.
  const all = { ...row, keysErased: 0, bytesErased: 0 }
  return publishGeneration(rewriting, { row: all, generation, superblock, bytes: row.bytes ?? 0, dropped: 0 }, options)
}

/** The packs that a sealed volume is made of: what follows its end was acknowledged by nobody. */
async function piecesOf({ objects }: Rewriting, { volume, bytes }: VolumeRow): Promise<ObjectPiece[]> {
  const pieces: ObjectPiece[] = [{ key: packKey(volume, 0), start: 0, end: SUPERBLOCK_BYTES - 1 }]
  let end = SUPERBLOCK_BYTES
  for (const pack of await listSequence(objects, `volumes/${volume}/`, packKey(volume, 0))) {
    if (end === bytes) break
    if (pack.sequence !== pieces.length) break
    pieces.push({ key: pack.key, start: 0, end: pack.bytes - 1 })
    end += pack.bytes
  }
  if (end !== bytes)
    throw new MediaError('BLOB_CORRUPT', 'The packs of the volume are not all there.', { facts: { volume, found: end, bytes: bytes ?? 0 } })
  return pieces
}
