import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import type { Rendition } from '../domain/media.ts'
import type { MediaState } from '../domain/media.ts'
import type { ReservedVariant, VariantStore } from '../domain/ports.ts'
import type { Database } from './database.ts'
import { lockMedia } from './media.ts'
import { isDiscarded, refusal } from './transitions.ts'

/** Variants of an item's versions. Places are given out under the item's lock, so that no two names share one. */
export function createVariants(database: Database): VariantStore {
  return {
    async variant(id, version, name) {
      const [row] = await database.rows<{ file: Rendition | null }>(
        'select file from variants where media_id = $1 and version = $2 and name = $3',
        [id, version, name],
      )
      return row?.file ?? null
    },

    async reserveVariants(id, version, names) {
      return await database.transaction(async (queries) => {
        const item = await lockMedia(queries, id)
        if (isDiscarded(item.state)) throw refusal(item.state)
        if (item.state !== 'ready' || item.version !== version) throw new MediaError('MEDIA_NOT_FOUND')
        const there = await queries.rows<ReservedVariant>(
          'select name, place, file from variants where media_id = $1 and version = $2 order by place',
          [id, version],
        )
        const known = new Map(there.map((variant) => [variant.name, variant]))
        const missing = names.filter((name) => !known.has(name))
        if (there.length + missing.length > limits.variantsPerItemMax) throw new MediaError('VARIANTS_TOO_MANY')
        let place = there.at(-1)?.place ?? -1
        for (const name of missing) {
          place += 1
          known.set(name, { name, place, file: null })
          await queries.rows('insert into variants (media_id, version, name, place) values ($1, $2, $3, $4)', [id, version, name, place])
        }
        return [...known.values()].filter(({ name }) => names.includes(name))
      })
    },

    async keepVariants(id, version, files) {
      const [row] = await database.rows<{ state: MediaState }>(
        `with item as (select id, state from media where id = $1 for share),
           kept as (
             update variants set file = given.file
             from json_to_recordset($3::json) as given (name text, file json), item
             where media_id = item.id and item.state <> 'erased' and version = $2 and variants.name = given.name)
         select state from item`,
        [id, version, JSON.stringify(files.map((file) => ({ name: file.name, file })))],
      )
      if (!row) throw new MediaError('MEDIA_NOT_FOUND')
      if (isDiscarded(row.state)) throw refusal(row.state)
    },

    async forgetVariants(id) {
      await database.rows('delete from variants where media_id = $1', [id])
    },
  }
}
