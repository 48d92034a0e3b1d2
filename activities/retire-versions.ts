import { activityInfo } from '@temporalio/activity'
import { versionTag } from '../cdn/url.ts'
import { codeOf, isRetryable } from '../domain/errors.ts'
import { keyOf } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import type { BlobStore, EdgePurger, PlacementStore, ReplacedStore, ReplacedVersion, Retired } from '../domain/ports.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface RetireDeps {
  readonly catalog: ReplacedStore & Pick<PlacementStore, 'placements'>
  readonly blobs: Pick<BlobStore, 'delete'>
  readonly purgers: readonly EdgePurger[]
}

/** Attempts that end for what passes by itself; the next one goes on with those volumes in trouble, too. */
const ATTEMPTS_FOR_TROUBLE = 3

/**
 * Tombstones for the versions whose time of grace is over, in every volume that their items have needles in. They stay in the
 * catalog until edges are purged too, so that whatever ends in between is done again; a tombstone is written once.
 * A volume that takes none does not keep the others waiting. CATALOG_UNAVAILABLE.
 */
export function retireVersions({ catalog, blobs }: RetireDeps) {
  return async (): Promise<Retired> =>
    await withHeartbeat(async ({ signal, report }) => {
      const troubles = new Map<number, unknown>()
      const versions: ReplacedVersion[] = []
      const pageMax = limits.replacedVersionsPerRunMax
      // Those in trouble stay the first in the catalog: behind them are others.
      for (let start = 0; versions.length < pageMax; start += pageMax) {
        const due = (await catalog.replaced(limits.replacedVersionKeptMs, start + pageMax)).slice(start)
        for (const one of due) {
          signal.throwIfAborted()
          if (await isRetired(one, troubles)) versions.push(one)
          report({ done: versions.length, total: start + due.length })
        }
        if (due.length < pageMax) break
      }
      const passing = [...troubles.values()].find(isRetryable)
      if (passing !== undefined && activityInfo().attempt < ATTEMPTS_FOR_TROUBLE) throw passing
      return { versions, troubles: [...troubles].map(([volume, error]) => ({ volume, code: codeOf(error) })) }
    })

  /** Whether every volume with needles of the item has the version's tombstone. One in trouble is not asked again. */
  async function isRetired({ id, version }: ReplacedVersion, troubles: Map<number, unknown>): Promise<boolean> {
    let isWhole = true
    for (const volume of await catalog.placements(id)) {
      if (!troubles.has(volume)) await blobs.delete(keyOf(id), volume, version).catch((error: unknown) => troubles.set(volume, error))
      isWhole &&= !troubles.has(volume)
    }
    return isWhole
  }
}

/** Purges what edges hold of the versions, and has the catalog forget them. By now no origin answers them, so that none can come back. */
export function forgetVersions({ catalog, purgers }: RetireDeps) {
  return async (versions: readonly ReplacedVersion[]): Promise<void> =>
    await withHeartbeat(async ({ signal }) => {
      for (const { id, version } of versions) {
        signal.throwIfAborted()
        await Promise.all(purgers.map((purger) => purger.purge(versionTag(id, version))))
        await catalog.forgetReplaced({ id, version })
      }
    })
}
