import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import type { CareOptions, VolumeScrub } from '../domain/volume-ports.ts'
import { percentOf } from './compact-volume.ts'
import { withHeartbeat } from './heartbeat.ts'
import type { VolumeCareDeps } from './volumes-to-compact.ts'

/** What a scrub tells its workflow. */
export interface Scrubbed {
  readonly bytes: number
  readonly needles: number
  /** Bad spans put right from another copy. */
  readonly repaired: number
  /** Bad still: reads of what lies there are refused with BLOB_CORRUPT. */
  readonly bad: VolumeScrub['bad']
}

/** Of the spans that a workflow's history keeps; the catalog has them all. */
const SPANS_TOLD_MAX = 20

/** The volumes that are due to be read, those never read first, then those read longest ago. */
export function volumesToScrub({ catalog }: VolumeCareDeps) {
  return async (): Promise<number[]> => await catalog.dueForScrub(limits.scrubEveryMs, limits.volumesPerRunMax)
}

/**
 * Reads every byte of one volume and keeps the report in the catalog. What is bad is repaired from another copy where
 * there is one; what stays bad is refused to readers, and told.
 */
export function scrubVolume({ care, host, catalog }: VolumeCareDeps) {
  return async (volume: number): Promise<Scrubbed> =>
    await withHeartbeat(async ({ signal, report: beat }) => {
      const options = {
        signal,
        bytesPerSecondMax: limits.careBytesPerSecondMax,
        onProgress: ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) =>
          beat({ volume, percent: percentOf(doneBytes, totalBytes) }),
      }
      let report = await scrubbed(volume, options)
      let repaired = 0
      if (report === null || report.bad.length > 0) {
        // Only what nobody writes is repaired.
        await host.seal(volume)
        repaired = await care.repair(volume, options)
        if (repaired > 0 || report === null) report = await care.scrub(volume, options)
        await host.reopen(volume)
      }
      await catalog.reportScrub(report)
      return { bytes: report.bytes, needles: report.needles, repaired, bad: report.bad.slice(0, SPANS_TOLD_MAX) }
    })

  /** Null where the volume does not even say which one it is. */
  async function scrubbed(volume: number, options: CareOptions): Promise<VolumeScrub | null> {
    try {
      return await care.scrub(volume, options)
    } catch (error) {
      if (error instanceof MediaError && error.code === 'BLOB_CORRUPT') return null
      throw error
    }
  }
}
