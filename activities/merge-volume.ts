import { limits } from '../domain/limits.ts'
import type { CareOutcome } from '../domain/volume-ports.ts'
import { percentOf } from './compact-volume.ts'
import { withHeartbeat } from './heartbeat.ts'
import { rows, type VolumeCareDeps } from './volumes-to-compact.ts'

/** Sealed volumes that are many objects still; those whose writer is gone are sealed first. */
export function volumesToMerge({ care, catalog }: VolumeCareDeps) {
  return async (): Promise<number[]> =>
    await withHeartbeat(async ({ signal, report }) => {
      await care.sealAbandoned({ signal })
      const due: number[] = []
      for await (const { volume, bytes } of rows(catalog, ['sealed'], report)) {
        signal.throwIfAborted()
        if (bytes !== 0) due.push(volume)
        if (due.length === limits.volumesPerRunMax) break
      }
      return due
    })
}

/** Makes one object of a volume's packs. What a lost worker left half done counts for nothing. BLOB_CORRUPT, STORAGE_UNAVAILABLE. */
export function mergeVolume({ care, host }: VolumeCareDeps) {
  return async (volume: number): Promise<CareOutcome> =>
    await withHeartbeat(async ({ signal, report }) => {
      const outcome = await care.merge(volume, {
        signal,
        bytesPerSecondMax: limits.careBytesPerSecondMax,
        onProgress: ({ doneBytes, totalBytes }) => report({ volume, percent: percentOf(doneBytes, totalBytes) }),
      })
      await host.reopen(volume)
      return outcome
    })
}
