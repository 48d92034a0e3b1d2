import type { BlobStore, ObjectStore, PlacementLog } from '../domain/ports.ts'
import type { VolumeDirectory, VolumeHost } from '../domain/volume-ports.ts'
import { type BlobLimits, blobLimits } from './blob-limits.ts'
import { createObjectBackend } from './object-backend.ts'
import { type BlobReader, createPackedReader } from './reader.ts'
import { systemClock } from './refresher.ts'
import { createPackedStore } from './store.ts'
import type { Report } from './volume-log.ts'

export interface ObjectBlobStoreOptions {
  readonly objects: ObjectStore
  readonly directory: VolumeDirectory
  readonly placements: PlacementLog
  /** Name under which this process holds its volumes; no two running processes share one. */
  readonly writer: string
  readonly limits?: Partial<BlobLimits>
  readonly report?: Report
}

/** A blob store on objects, for many machines. Recovers what this writer held open before it answers. */
export function createObjectBlobStore(options: ObjectBlobStoreOptions): Promise<BlobStore & VolumeHost> {
  const { objects, directory, placements, writer, report = () => {} } = options
  const backend = createObjectBackend({ objects, report })
  return createPackedStore({ backend, directory, placements, writer, limits: blobLimits(options.limits), clock: systemClock, report })
}

/** Reads, and deletes in, volumes that other processes write. */
export function createObjectBlobReader(options: {
  readonly objects: ObjectStore
  readonly limits?: Partial<BlobLimits>
  readonly report?: Report
}): BlobReader {
  const backend = createObjectBackend({ objects: options.objects, report: options.report ?? (() => {}) })
  return createPackedReader({ backend, limits: blobLimits(options.limits), clock: systemClock })
}
