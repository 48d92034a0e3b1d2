import type { VolumeBooks, VolumeGarbage, VolumeRow } from '../domain/volume-ports.ts'
import type { Database, Queries } from './database.ts'
import { LEASE_END, leaseOf } from './volumes.ts'

/** What is left of a lease: 0 once it has run out, null where none is kept. */
const LEASE_MS = `case when lease_until is not null then greatest(0, ceil(extract(epoch from lease_until - now()) * 1000))::integer end`

/** Only of volumes that are written, which are few, what is in them is added up. */
export const VOLUME_ROW = `id as volume, writer, epoch, state, generation, bytes, keys_erased as "keysErased", ${LEASE_MS} as "leaseMs",
  coalesce(ceil(extract(epoch from now() - erased_since) * 1000), 0)::bigint as "erasedMs",
  bytes_erased as "bytesErased",
  case when bytes is null then (select coalesce(sum(placements.bytes), 0) from placements where volume = volumes.id)::bigint
    else greatest(0, bytes - bytes_erased) end as "bytesHeld"`

/** What counts from now on: what the rewriting began with has been erased, what was erased meanwhile waits for the next one. */
const REWRITTEN = `bytes = $4, keys_erased = keys_erased - $5, bytes_erased = greatest(0, bytes_erased - $7),
  erased_since = case when keys_erased > $5 then erased_since end,
  state = case when $6 = 0 then 'retired' when $3 > 0 then 'merged' else state end`

/** The books of those who look after volumes. */
export function createVolumeBooks(database: Database): VolumeBooks {
  return {
    async volume(volume) {
      return (await database.rows<VolumeRow>(`select ${VOLUME_ROW} from volumes where id = $1`, [volume]))[0] ?? null
    },

    async volumes({ states, after = 0, limit }) {
      return await database.rows<VolumeRow>(`select ${VOLUME_ROW} from volumes where state = any ($1) and id > $2 order by id limit $3`, [
        states,
        after,
        limit,
      ])
    },

    async revoke(volume) {
      const [row] = await database.rows<{ leaseMs: number | null }>(
        `update volumes set revoked = true where id = $1 and state = 'open' returning ${LEASE_MS} as "leaseMs"`,
        [volume],
      )
      return row ? (row.leaseMs ?? 0) : null
    },

    async take(volume, writer, { force = false } = {}) {
      const [row] = await database.rows<{ volume: number; epoch: number }>(
        `update volumes set writer = $2, epoch = epoch + 1, revoked = false, lease_until = ${LEASE_END}
         where id = $1 and state = 'open' and ($3 or lease_until <= now()) returning id as volume, epoch`,
        [volume, writer, force],
      )
      return row ? leaseOf(row) : null
    },

    async beginRewrite(row, graceMs) {
      return await database.transaction(async (queries) => {
        const [begun] = await queries.rows<{ generation: number }>(
          `update volumes set generation_last = generation_last + 1
           where id = $1 and generation = $2 and state = $3 and state in ('sealed', 'merged') returning generation_last as generation`,
          [row.volume, row.generation, row.state],
        )
        if (!begun) return null
        await addGarbage(queries, row.volume, begun.generation, graceMs)
        return begun.generation
      })
    },

    async finishRewrite(row, generation, { bytes, needles }, graceMs) {
      return await database.transaction(async (queries) => {
        const kept = await queries.rows(
          'delete from volume_garbage where volume = $1 and generation = $2 and claimed_at is null returning 1 as kept',
          [row.volume, generation],
        )
        if (kept.length === 0) return false
        const counts = await queries.rows(
          `update volumes set generation = $3, ${REWRITTEN} where id = $1 and generation = $2 and state in ('sealed', 'merged') returning id`,
          [row.volume, row.generation, generation, bytes, row.keysErased, needles, row.bytesErased],
        )
        // Another rewriting counts: this one stays what it was.
        await addGarbage(queries, row.volume, counts.length > 0 ? row.generation : generation, graceMs)
        return counts.length > 0
      })
    },

    async compacted(row, { bytes, needles }) {
      const changed = await database.rows(
        `update volumes set ${REWRITTEN} where id = $1 and generation = $2 and $3 = 0 and state = 'sealed' and keys_erased >= $5 returning id`,
        [row.volume, row.generation, 0, bytes, row.keysErased, needles, row.bytesErased],
      )
      return changed.length > 0
    },

    async dueGarbage(limit) {
      return await database.rows<VolumeGarbage>(
        `with due as (
           select id from volume_garbage where collected_at is null and due_at <= now() order by due_at, id limit $1 for update)
         update volume_garbage g set claimed_at = coalesce(claimed_at, now()) from due where g.id = due.id
         returning g.id, g.volume, g.generation`,
        [limit],
      )
    },

    async collected(id) {
      await database.rows('update volume_garbage set collected_at = now() where id = $1', [id])
    },
  }
}

async function addGarbage(queries: Queries, volume: number, generation: number, graceMs: number): Promise<void> {
  await queries.rows(`insert into volume_garbage (volume, generation, due_at) values ($1, $2, now() + $3 * interval '1 millisecond')`, [
    volume,
    generation,
    graceMs,
  ])
}
