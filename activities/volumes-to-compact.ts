import { limits } from '../domain/limits.ts'
import { isCompactionDue, isSealingDue } from '../domain/volume-care.ts'
import type { ScrubBook, VolumeBooks, VolumeCare, VolumeHost, VolumeRow } from '../domain/volume-ports.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface VolumeCareDeps {
  readonly care: VolumeCare
  /** The store that this process reads from, and perhaps writes to. */
  readonly host: VolumeHost
  readonly catalog: VolumeBooks & ScrubBook
}

const ROWS_AT_ONCE = 100

/**
 * The volumes that compaction is worth its cost for. One that is written is sealed first: here, when it is this process
 * that writes it; else its writer is asked to let go, and a later run finds it sealed.
 */
export function volumesToCompact({ care, host, catalog }: VolumeCareDeps) {
  return async (): Promise<number[]> =>
    await withHeartbeat(async ({ signal, report }) => {
      await care.sealAbandoned({ signal })
      for await (const row of rows(catalog, ['open'], report)) {
        signal.throwIfAborted()
        if (isSealingDue(row, limits) && !(await host.seal(row.volume))) await catalog.revoke(row.volume)
      }
      const due: number[] = []
      for await (const row of rows(catalog, ['sealed', 'merged'], report)) {
        signal.throwIfAborted()
        if (isCompactionDue(row, limits)) due.push(row.volume)
        if (due.length === limits.volumesPerRunMax) break
      }
      return due
    })
}

/** Every volume in one of the states, in order. */
export async function* rows(
  catalog: VolumeBooks,
  states: readonly VolumeRow['state'][],
  report: (detail: { volume: number }) => void = () => {},
): AsyncIterable<VolumeRow> {
  for (let after = 0; ; ) {
    const page = await catalog.volumes({ states, after, limit: ROWS_AT_ONCE })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < ROWS_AT_ONCE) return
    after = last.volume
    report({ volume: after })
  }
}
