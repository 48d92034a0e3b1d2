import type { MediaId } from '../domain/ids.ts'
import type { Manifest } from '../domain/media.ts'
import type { ReplacedStore, ReplacedVersion } from '../domain/ports.ts'
import type { Database, Queries } from './database.ts'
import type { LockedMedia } from './media.ts'

/**
 * Notes that a version takes the place of those before it: the one that was shown, and what failed tries have left. Within the
 * transaction that publishes it.
 */
export async function noteReplaced(queries: Queries, id: MediaId, before: LockedMedia, version: number): Promise<void> {
  const first = before.published ? before.version : 1
  if (first >= version) return
  const [row] = await queries.rows<{ manifest: Manifest | null }>('select manifest from media where id = $1', [id])
  await queries.rows(
    `insert into replaced_versions (media_id, version, bytes)
     select $1, earlier, case when earlier = $2 then $4::json else '{}'::json end from generate_series($2::integer, $3::integer - 1) as earlier
     on conflict (media_id, version) do nothing`,
    [id, first, version, JSON.stringify(before.published ? bytesByVolume(row?.manifest) : {})],
  )
}

function bytesByVolume(manifest: Manifest | null | undefined): Record<string, number> {
  const bytes: Record<string, number> = {}
  for (const { locator, bytes: own } of [...(manifest?.renditions ?? []), ...(manifest?.parts ?? [])])
    bytes[locator.volume] = (bytes[locator.volume] ?? 0) + own
  return bytes
}

/** Versions whose time of grace runs. An erasure takes them all at once, so it forgets them. */
export function createReplaced(database: Database): ReplacedStore {
  return {
    async replaced(olderThanMs, limit) {
      return await database.rows<ReplacedVersion>(
        `select media_id as id, replaced_versions.version from replaced_versions join media on id = media_id
         where replaced_at <= now() - $1 * interval '1 millisecond' and state = 'ready' and media.version > replaced_versions.version
         order by replaced_at limit $2`,
        [olderThanMs, limit],
      )
    },

    async forgetReplaced({ id, version }) {
      // Volumes are told that they hold something that no longer counts, once: the row is there once.
      await database.transaction(async (queries) => {
        await queries.rows(
          `with gone as (delete from replaced_versions where media_id = $1 and version = $2 returning bytes),
             freed as (select key::integer as volume, value::bigint as bytes from gone, json_each_text(gone.bytes)),
             held as (update placements set bytes = greatest(0, placements.bytes - freed.bytes) from freed
               where media_id = $1 and placements.volume = freed.volume)
           update volumes set keys_erased = keys_erased + 1, erased_since = coalesce(erased_since, now()), bytes_erased = bytes_erased + freed.bytes
           from freed where volumes.id = freed.volume`,
          [id, version],
        )
        await queries.rows('delete from variants where media_id = $1 and version = $2', [id, version])
      })
    },
  }
}
