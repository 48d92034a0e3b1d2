import { MediaError } from '../domain/errors.ts'
import { mediaIdOf } from '../domain/ids.ts'
import type { MediaState } from '../domain/media.ts'
import type { PlacementStore } from '../domain/ports.ts'
import type { Queries } from './database.ts'
import { discarded, isDiscarded, refusal } from './transitions.ts'

/** What an item takes on average, where it was not kept what this one takes. */
const SHARE = `volumes.bytes / (select count(*) from placements where volume = volumes.id)`

/**
 * Which volumes hold needles of an item. `place` takes a share of the item's row lock, so an erasure either sees
 * the placement or the placement sees the erasure. MEDIA_ERASED also for what was rejected or failed: its needles
 * are discarded once, and a late retry would leave others behind. MEDIA_NOT_FOUND. What is forgotten has been deleted:
 * its volumes are told that they hold something erased.
 */
export function createPlacements(database: Queries): PlacementStore {
  return {
    async place(key, volume, bytes) {
      const [row] = await database.rows<{ state: MediaState }>(
        `with item as (select id, state from media where id = $1 for share),
           placed as (
             insert into placements as held (media_id, volume, bytes) select id, $2, $4::bigint from item where state <> all ($3)
               on conflict (media_id, volume) do update set bytes = held.bytes + excluded.bytes)
         select state from item`,
        [mediaIdOf(key), volume, discarded, bytes],
      )
      if (!row) throw new MediaError('MEDIA_NOT_FOUND')
      if (isDiscarded(row.state)) throw refusal(row.state)
    },

    async placements(id) {
      const rows = await database.rows<{ volume: number }>('select volume from placements where media_id = $1 order by volume', [id])
      return rows.map(({ volume }) => volume)
    },

    async forgetPlacements(id, volumes) {
      await database.rows(
        `with gone as (delete from placements where media_id = $1 and volume = any ($2) returning volume, placements.bytes as freed)
         update volumes set keys_erased = keys_erased + 1, erased_since = coalesce(erased_since, now()),
           bytes_erased = bytes_erased + coalesce(freed, ${SHARE}, 0)
         from gone where id = gone.volume`,
        [id, volumes],
      )
    },
  }
}
