import type { MediaId } from '../domain/ids.ts'
import type { Appearance, Manifest } from '../domain/media.ts'
import type { ErasureFeed, MediaStore, Witness } from '../domain/ports.ts'
import type { Database } from './database.ts'
import { lockMedia } from './media.ts'
import { mediaColumns, toMediaRow, type MediaColumns } from './rows.ts'

/** A valid blurhash that shows nothing: events keep the shape that their schema promises. */
const BLACK = 'L00000fQfQfQfQfQfQfQfQfQfQfQ'

/** As many files are looked for when an erasure is verified. */
const WITNESSES_MAX = 8

/** What was linked to is what edges hold: renditions and playlists. */
function witnessesOf(manifest: Manifest | null | undefined): Witness[] {
  const { version = 1, renditions = [] } = manifest ?? {}
  return renditions.slice(0, WITNESSES_MAX).map(({ name, locator }) => ({ version, name, locator }))
}

/** What else of an event tells what was in the picture. */
const LOOKS = ['thumbhash', 'palette', 'focus'] satisfies (keyof Appearance)[]

/** The tombstone and the feed of tombstones. */
export function createErasures(database: Database): Pick<MediaStore, 'beginErase' | 'unerased' | 'witnesses'> & ErasureFeed {
  return {
    async beginErase(id) {
      await database.transaction(async (queries) => {
        if ((await lockMedia(queries, id)).state === 'erased') return
        const [row] = await queries.rows<{ manifest: Manifest | null }>('select manifest from media where id = $1', [id])
        // What is left is what the receipt and the books need; nothing that tells what was in the picture.
        await queries.rows(
          `update media set state = 'erased', stage = 'erase', progress = null, manifest = null, facts = null, error = null,
             filter = null, edits = null, source_sha256 = '' where id = $1`,
          [id],
        )
        // Drafts hold private facts, and an event holds the blurred picture. Nobody adds more of either: both look at the state.
        await queries.rows('delete from checkpoints where media_id = $1', [id])
        await queries.rows('delete from replaced_versions where media_id = $1', [id])
        await queries.rows(
          `update outbox set data = (jsonb_set(data::jsonb, '{blurhash}', to_jsonb($2::text), false) - $3::text[])::json where media_id = $1`,
          [id, BLACK, LOOKS],
        )
        await queries.rows('lock table erasures in share row exclusive mode')
        await queries.rows('insert into erasures (media_id, witnesses) values ($1, $2)', [id, JSON.stringify(witnessesOf(row?.manifest))])
      })
    },

    async witnesses(id) {
      const [row] = await database.rows<{ witnesses: Witness[] | null }>('select witnesses from erasures where media_id = $1', [id])
      return row?.witnesses ?? []
    },

    async unerased(olderThanMs, limit) {
      const rows = await database.rows<MediaColumns>(
        `update media set seen_at = now() where id in (
           select id from media join erasures on media_id = id
             where state = 'erased' and stage <> 'done' and erased_at <= now() - $1 * interval '1 millisecond'
             order by seen_at nulls first, position limit $2 for update of media skip locked)
         returning ${mediaColumns}`,
        [olderThanMs, limit],
      )
      return rows.map(toMediaRow)
    },

    async after(position, limit) {
      return await database.rows<{ position: number; id: MediaId }>(
        'select position, media_id as id from erasures where position > $1 order by position limit $2',
        [position, limit],
      )
    },
  }
}
