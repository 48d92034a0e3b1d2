import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import type { ScrubOptions, ScrubProgress, ScrubReport, VolumeScrub } from '../domain/volume-ports.ts'
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

export interface ScrubDeps extends VolumeCareDeps {
  /** Told of each scrub that came to its end. */
  readonly onScrub?: (report: ScrubReport) => void
}

/** Under this name the progress of a scrub goes with its heartbeats. */
const PROGRESS = 'progress'

/**
 * Reads every byte of one volume and keeps the report in the catalog. What is bad is repaired from another copy where
 * there is one; what stays bad is refused to readers, and told. After a lost worker the reading goes on near where it was.
 */
export function scrubVolume({ care, host, catalog, onScrub = () => {} }: ScrubDeps) {
  return async (volume: number): Promise<Scrubbed> =>
    await withHeartbeat(async ({ signal, before, report: beat }) => {
      const startedMs = performance.now()
      const options = {
        signal,
        bytesPerSecondMax: limits.careBytesPerSecondMax,
        onProgress: ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) =>
          beat({ volume, percent: percentOf(doneBytes, totalBytes) }),
      }
      const from = progressIn(before)
      const onCheckpoint = (progress: ScrubProgress) => beat({ [PROGRESS]: JSON.stringify(progress) })
      let scrub = await scrubbed(volume, { ...options, ...(from ? { from } : {}), onCheckpoint })
      const found = scrub?.bad.length ?? 1
      let repaired = 0
      if (scrub === null || found > 0) {
        // Only what nobody writes is repaired.
        await host.seal(volume)
        repaired = await care.repair(volume, options)
        // What the attempt before found bad it may have repaired, too, and ended before it could say so.
        const isStale = from !== null && from.bad.length > 0
        if (repaired > 0 || isStale || scrub === null) scrub = await care.scrub(volume, options)
        await host.reopen(volume)
      }
      const report = { ...scrub, found, repaired, tookMs: Math.round(performance.now() - startedMs) }
      await catalog.reportScrub(report)
      onScrub(report)
      return { bytes: report.bytes, needles: report.needles, repaired, bad: report.bad.slice(0, SPANS_TOLD_MAX) }
    })

  /** Null where the volume does not even say which one it is. */
  async function scrubbed(volume: number, options: ScrubOptions): Promise<VolumeScrub | null> {
    try {
      return await care.scrub(volume, options)
    } catch (error) {
      if (error instanceof MediaError && error.code === 'BLOB_CORRUPT') return null
      throw error
    }
  }
}

/** Where the attempt before came to; the activity's own words, so that they are what they were. */
function progressIn(before: Readonly<Record<string, unknown>>): ScrubProgress | null {
  const text = before[PROGRESS]
  return typeof text === 'string' ? (JSON.parse(text) as ScrubProgress) : null
}
