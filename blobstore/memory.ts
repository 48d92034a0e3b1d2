import type { BlobStore, PlacementLog } from '../domain/ports.ts'
import type { VolumeDirectory } from '../domain/volume-ports.ts'
import { type BlobLimits, blobLimits } from './blob-limits.ts'
import { createMemoryBackend, type MemoryVolumes, memoryVolumes } from './memory-backend.ts'
import { memoryDirectory } from './memory-directory.ts'
import { systemClock } from './refresher.ts'
import { createPackedStore } from './store.ts'
import type { Report } from './volume-log.ts'

export interface MemoryBlobStoreOptions {
  readonly directory?: VolumeDirectory
  readonly placements?: PlacementLog
  readonly writer?: string
  readonly limits?: Partial<BlobLimits>
  readonly report?: Report
  /** Where the bytes are kept; give it to a second store to see what a restart sees. */
  readonly volumes?: MemoryVolumes
}

/** A blob store in memory, for tests: the whole of the format and of recovery, nothing of a disk. */
export function createMemoryBlobStore(options: MemoryBlobStoreOptions = {}): Promise<BlobStore> {
  const own = memoryDirectory()
  const report = options.report ?? (() => {})
  return createPackedStore({
    backend: createMemoryBackend(options.volumes ?? memoryVolumes(), report),
    directory: options.directory ?? own,
    placements: options.placements ?? own,
    writer: options.writer ?? 'memory',
    limits: blobLimits(options.limits),
    clock: systemClock,
    report,
  })
}
