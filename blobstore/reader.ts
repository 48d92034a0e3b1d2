import type { BlobStore } from '../domain/ports.ts'
import type { VolumeHost } from '../domain/volume-ports.ts'
import type { BlobLimits } from './blob-limits.ts'
import { readNeedle } from './read-needle.ts'
import type { Clock } from './refresher.ts'
import { graveOf } from './tombstone.ts'
import type { VolumeBackend } from './volume-log.ts'
import { Volumes } from './volumes.ts'

/** What a process that writes no needles can do: an origin reads, an eraser deletes. */
export type BlobReader = Pick<BlobStore, 'read' | 'delete' | 'close'> & VolumeHost

export function createPackedReader(options: {
  readonly backend: VolumeBackend
  readonly limits: BlobLimits
  readonly clock: Clock
}): BlobReader {
  const volumes = new Volumes(options.backend, options.limits, options.clock)
  return {
    read: (key, locator, options) => readNeedle(volumes, key, locator, options),
    async delete(key, volume, version) {
      const grave = graveOf(key, version)
      await volumes.use(volume, async (opened) => {
        if (opened !== null && !opened.view.erased.has(grave)) await opened.view.erase(grave)
      })
    },
    seal: async () => false,
    reopen: (volume) => volumes.reopen(volume),
    async close() {
      await volumes.close()
      await options.backend.close()
    },
  }
}
