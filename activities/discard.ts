import { codeOf, isRetryable, MediaError } from '../domain/errors.ts'
import { keyOf, type MediaId } from '../domain/ids.ts'
import { captionsPrefix, originalKey, remuxedKey } from '../domain/media.ts'
import type { BlobStore, CheckpointStore, MediaStore, ObjectStore, PlacementStore, VariantStore } from '../domain/ports.ts'

export interface DiscardDeps {
  readonly catalog: MediaStore & PlacementStore & CheckpointStore & Pick<VariantStore, 'forgetVariants'>
  readonly objects: ObjectStore
  readonly blobs: Pick<BlobStore, 'delete'>
}

export interface DiscardInput {
  readonly mediaId: MediaId
  /** `original`: the item failed by our fault and may be tried again. */
  readonly keeps?: 'original'
}

/**
 * Leaves nothing of an item behind: its needles in every volume that it was placed in, its original and the
 * copy of it, its checkpoints. The compensation of an ingest that ends badly and the deed of an erase. Idempotent;
 * placements are forgotten last, so that a discard that dies in the middle finds them again. A volume that takes no tombstone keeps
 * neither the others waiting nor the original: its placement alone is left to the next attempt. VOLUME_BROKEN, STORAGE_UNAVAILABLE.
 * Of an item that keeps its original the needles stay too, placed and shown to nobody: a tombstone is for a whole key,
 * so it would hide what the next try stores in the same volume.
 */
export function discard({ catalog, objects, blobs }: DiscardDeps) {
  return async ({ mediaId, keeps }: DiscardInput): Promise<void> => {
    await catalog.setStage(mediaId, 'discard')
    await objects.delete(remuxedKey(mediaId))
    if (keeps !== 'original') {
      await objects.delete(originalKey(mediaId))
      for await (const { key } of objects.list(captionsPrefix(mediaId))) await objects.delete(key)
    }
    await catalog.forgetCheckpoints(mediaId)
    await catalog.forgetVariants(mediaId)
    if (keeps !== 'original') await discardNeedles(mediaId)
  }

  async function discardNeedles(mediaId: MediaId): Promise<void> {
    const troubles = new Map<number, unknown>()
    const volumes = await catalog.placements(mediaId)
    for (const volume of volumes) await blobs.delete(keyOf(mediaId), volume).catch((error: unknown) => troubles.set(volume, error))
    const done = volumes.filter((volume) => !troubles.has(volume))
    await catalog.forgetPlacements(mediaId, done)
    if (troubles.size > 0) throw failureOf(troubles)
  }
}

/** What an operator has to mend is told before what passes by itself; either is tried again. */
function failureOf(troubles: ReadonlyMap<number, unknown>): unknown {
  const [passing] = troubles.values()
  const broken = [...troubles].filter(([, error]) => !isRetryable(error))
  const [first] = broken
  if (first === undefined) return passing
  const named = broken.map(([volume, error]) => `${volume} (${codeOf(error)})`).join(', ')
  const advice = 'Repair them, by a scrub or from a copy: what the item has there then goes by itself.'
  return new MediaError('VOLUME_BROKEN', `Volumes that need an operator: ${named}. ${advice}`, { cause: first[1] })
}
