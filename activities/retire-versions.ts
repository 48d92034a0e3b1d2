import { versionTag } from '../cdn/url.ts'
import { keyOf } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import type { BlobStore, EdgePurger, PlacementStore, ReplacedStore, ReplacedVersion } from '../domain/ports.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface RetireDeps {
  readonly catalog: ReplacedStore & Pick<PlacementStore, 'placements'>
  readonly blobs: Pick<BlobStore, 'delete'>
  readonly purgers: readonly EdgePurger[]
}

/**
 * Tombstones for the versions whose time of grace is over, in every volume that their items have needles in. They stay in the
 * catalog until edges are purged too, so that whatever ends in between is done again; a tombstone is written once.
 */
export function retireVersions({ catalog, blobs }: RetireDeps) {
  return async (): Promise<ReplacedVersion[]> =>
    await withHeartbeat(async ({ signal, report }) => {
      const due = await catalog.replaced(limits.replacedVersionKeptMs, limits.replacedVersionsPerRunMax)
      for (const [done, { id, version }] of due.entries()) {
        signal.throwIfAborted()
        for (const volume of await catalog.placements(id)) await blobs.delete(keyOf(id), volume, version)
        report({ done, total: due.length })
      }
      return due
    })
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
