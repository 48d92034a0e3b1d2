import { keyOf, type MediaId } from '../domain/ids.ts'
import { originalKey, remuxedKey } from '../domain/media.ts'
import type { BlobStore, CheckpointStore, MediaStore, ObjectStore, PlacementStore } from '../domain/ports.ts'

export interface DiscardDeps {
  readonly catalog: MediaStore & PlacementStore & CheckpointStore
  readonly objects: ObjectStore
  readonly blobs: Pick<BlobStore, 'delete'>
}

/**
 * Leaves nothing of an item behind: its needles in every volume that it was placed in, its original and the
 * copy of it, its checkpoints. The compensation of an ingest that ends badly and the deed of an erase. Idempotent;
 * placements are forgotten last, so that a discard that dies in the middle finds them again.
 */
export function discard({ catalog, objects, blobs }: DiscardDeps) {
  return async ({ mediaId }: { readonly mediaId: MediaId }): Promise<void> => {
    await catalog.setStage(mediaId, 'discard')
    for (const volume of await catalog.placements(mediaId)) await blobs.delete(keyOf(mediaId), volume)
    await objects.delete(originalKey(mediaId))
    await objects.delete(remuxedKey(mediaId))
    await catalog.forgetCheckpoints(mediaId)
    await catalog.forgetPlacements(mediaId)
  }
}
