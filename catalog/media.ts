import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import type { MediaRow, MediaState, PrivateFacts } from '../domain/media.ts'
import type { MediaStore, NewMedia } from '../domain/ports.ts'
import type { Database, Queries } from './database.ts'
import { keepFingerprint } from './fingerprints.ts'
import { noteReplaced } from './replaced.ts'
import { mediaColumns, toMediaRow, type MediaColumns } from './rows.ts'
import { decidePublish } from './transitions.ts'

export interface LockedMedia {
  readonly state: MediaState
  readonly version: number
  readonly tenant: string
  readonly published: boolean
}

/** The row of an item, locked to the end of the transaction: changes of one item take turns. MEDIA_NOT_FOUND. */
export async function lockMedia(queries: Queries, id: MediaId): Promise<LockedMedia> {
  const [row] = await queries.rows<LockedMedia>(
    'select state, version, tenant, manifest is not null as published from media where id = $1 for update',
    [id],
  )
  if (!row) throw new MediaError('MEDIA_NOT_FOUND')
  return row
}

/** The life of an item until it is settled. */
export function createMedia(database: Database): Omit<MediaStore, 'settle' | 'beginErase' | 'unerased' | 'witnesses'> {
  const select = async (where: string, values: (string | number)[]): Promise<MediaRow[]> =>
    (await database.rows<MediaColumns>(`select ${mediaColumns} from media where ${where}`, values)).map(toMediaRow)

  return {
    async accept(media, reservation = null) {
      const added = await database.rows(
        `with spent as (delete from space_reservations where id = $10)
         insert into media (id, tenant, kind, preset, filter, edits, source_type, source_bytes, source_sha256)
         values ($1, $2, $3, $4, $5, $6::json, $7, $8, $9) on conflict (id) do nothing returning 1 as added`,
        [
          media.id,
          media.tenant,
          media.kind,
          media.preset,
          media.filter,
          media.edits ? JSON.stringify(media.edits) : null,
          media.sourceType,
          media.sourceBytes,
          media.sourceSha256,
          reservation,
        ],
      )
      if (added.length === 0) assertSame((await select('id = $1', [media.id]))[0], media)
    },

    async get(id) {
      return (await select('id = $1', [id]))[0] ?? null
    },

    recent: (tenant, limit, before = null) =>
      before === null
        ? select('tenant = $1 order by id desc limit $2', [tenant, limit])
        : select('tenant = $1 and id < $3 order by id desc limit $2', [tenant, limit, before]),

    unstarted: (olderThanMs, limit) =>
      select(
        `state = 'processing' and started_at is null and accepted_at <= now() - $1 * interval '1 millisecond'
         order by accepted_at limit $2`,
        [olderThanMs, limit],
      ),

    async markStarted(id) {
      await database.rows('update media set started_at = now() where id = $1 and started_at is null', [id])
    },

    async known(ids) {
      const rows = await database.rows<{ id: MediaId }>('select id from media where id = any ($1)', [ids])
      return rows.map(({ id }) => id)
    },

    async retry(id) {
      await database.transaction(async (queries) => {
        const { state } = await lockMedia(queries, id)
        if (state !== 'failed') throw new MediaError('MEDIA_NOT_FAILED', `The item is ${state}.`)
        await queries.rows(
          `update media set state = 'processing', stage = 'received', error = null, version = version + 1,
             accepted_at = now(), started_at = null, seen_at = null where id = $1`,
          [id],
        )
      })
    },

    async unsettled(notSeenMs, limit) {
      const rows = await database.rows<MediaColumns>(
        `update media set seen_at = now() where id in (
           select id from media where state in ('processing', 'playable') and started_at is not null
             and coalesce(seen_at, started_at) <= now() - $1 * interval '1 millisecond'
           order by coalesce(seen_at, started_at) limit $2 for update skip locked)
         returning ${mediaColumns}`,
        [notSeenMs, limit],
      )
      return rows.map(toMediaRow)
    },

    async setStage(id, stage, progress) {
      await database.rows(
        `update media set stage = $2, progress = $3::json
         where id = $1 and state in ('processing', 'playable') and (stage, progress::text) is distinct from ($2, $3)`,
        [id, stage, progress === undefined ? null : JSON.stringify(progress)],
      )
    },

    async publish(id, manifest, facts, fingerprint) {
      await database.transaction(async (queries) => {
        const row = await lockMedia(queries, id)
        if (!decidePublish(row, manifest.version)) return
        await noteReplaced(queries, id, row, manifest.version)
        await queries.rows('update media set manifest = $2, facts = $3, version = $4 where id = $1', [
          id,
          JSON.stringify(manifest),
          JSON.stringify(facts),
          manifest.version,
        ])
        await keepFingerprint(queries, id, row.tenant, fingerprint)
      })
    },

    async amend(id, manifest, revision) {
      const rows = await database.rows(
        `update media set manifest = $2 where id = $1 and state = 'ready' and version = $3
           and coalesce((manifest->'captionChanges'->>'revision')::integer, 0) = $4 returning id`,
        [id, JSON.stringify(manifest), manifest.version, revision],
      )
      return rows.length > 0
    },

    async facts(id) {
      const [row] = await database.rows<{ facts: PrivateFacts | null }>('select facts from media where id = $1', [id])
      return row?.facts ?? null
    },
  }
}

/** Two uploads under one id would lose one of them: two processes were given the same shard. */
function assertSame(row: MediaRow | undefined, media: NewMedia): void {
  const same = row?.tenant === media.tenant && (row.state === 'erased' || row.sourceSha256 === media.sourceSha256)
  if (!same) throw new MediaError('SHARD_TAKEN', `The id ${media.id} is taken by another upload: is an ID_SHARD used twice?`)
}
