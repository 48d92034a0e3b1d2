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
 * placements are forgotten last, so that a discard that dies in the middle finds them again.
 * Of an item that keeps its original the needles stay too, placed and shown to nobody: a tombstone is for a whole key,
 * so it would hide what the next try stores in the same volume.
 */
export function discard({ catalog, objects, blobs }: DiscardDeps) {
  return async ({ mediaId, keeps }: DiscardInput): Promise<void> => {
    await catalog.setStage(mediaId, 'discard')
    await objects.delete(remuxedKey(mediaId))
    if (keeps !== 'original') {
      for (const volume of await catalog.placements(mediaId)) await blobs.delete(keyOf(mediaId), volume)
      await objects.delete(originalKey(mediaId))
      for await (const { key } of objects.list(captionsPrefix(mediaId))) await objects.delete(key)
    }
    await catalog.forgetCheckpoints(mediaId)
    await catalog.forgetVariants(mediaId)
    if (keeps !== 'original') await catalog.forgetPlacements(mediaId)
  }
}
