import { limits } from '../domain/limits.ts'
import type { CareOutcome } from '../domain/volume-ports.ts'
import { withHeartbeat } from './heartbeat.ts'
import type { VolumeCareDeps } from './volumes-to-compact.ts'

/**
 * Writes one sealed volume anew without what was erased. A lost worker leaves the volume as it was, or done: the
 * next attempt begins anew, and finds nothing to do in the latter case. BLOB_CORRUPT, STORAGE_FULL, VOLUME_FENCED.
 */
export function compactVolume({ care, host }: VolumeCareDeps) {
  return async (volume: number, force = false): Promise<CareOutcome> =>
    await withHeartbeat(async ({ signal, report }) => {
      const outcome = await care.compact(volume, {
        force,
        signal,
        bytesPerSecondMax: limits.careBytesPerSecondMax,
        onProgress: ({ doneBytes, totalBytes }) => report({ volume, percent: percentOf(doneBytes, totalBytes) }),
      })
      // Readers of this process would keep the old file, and its space.
      await host.reopen(volume)
      return outcome
    })
}

export function percentOf(done: number, total: number): number {
  return total === 0 ? 0 : Math.min(100, Math.round((100 * done) / total))
}
