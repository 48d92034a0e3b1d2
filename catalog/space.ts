import { MediaError } from '../domain/errors.ts'
import { limits } from '../domain/limits.ts'
import type { SpaceRow, SpaceStore } from '../domain/ports.ts'
import type { Database, Queries } from './database.ts'

/** How the tables name all tenants together. */
const ALL = ''

/** Space that tenants take, and how much they may. */
export function createSpace(database: Database): SpaceStore {
  async function rowsOf(which: string, parameters: readonly (string | number | null)[]): Promise<SpaceRow[]> {
    const rows = await database.rows<SpaceRow & { tenant: string }>(
      `select coalesce(space.tenant, quotas.tenant) as tenant, coalesce(bytes, 0)::bigint as bytes, bytes_max as "bytesMax"
       from space full join quotas using (tenant) where ${which}`,
      parameters,
    )
    return rows.map((row) => ({ ...row, tenant: row.tenant === ALL ? null : row.tenant }))
  }

  return {
    async reserve(tenant, bytes) {
      return await database.transaction(async (queries) => {
        // The quotas' rows are locked to the end: of two who ask for the last bytes at once, one sees the other's reservation.
        const quotas = await queries.rows<{ tenant: string; bytesMax: number }>(
          `select tenant, bytes_max as "bytesMax" from quotas where tenant in ($1, $2) order by tenant for update`,
          [tenant, ALL],
        )
        if (quotas.length === 0) return null
        for (const quota of quotas) {
          const taken = await takenBytes(queries, quota.tenant)
          if (taken + bytes > quota.bytesMax)
            throw new MediaError('QUOTA_EXCEEDED', undefined, {
              facts: { tenant, bytes, taken, bytesMax: quota.bytesMax, inAll: quota.tenant === ALL },
            })
        }
        const [row] = await queries.rows<{ id: number }>(
          `insert into space_reservations (tenant, bytes, ends_at) values ($1, $2, now() + $3 * interval '1 millisecond') returning id`,
          [tenant, bytes, limits.reservationMsMax],
        )
        if (!row) throw new Error('an insert returned no row')
        return row.id
      })
    },

    async release(reservation) {
      await database.rows('delete from space_reservations where id = $1 or ends_at <= now()', [reservation])
    },

    async setQuota(tenant, bytesMax) {
      const name = tenant ?? ALL
      if (bytesMax === null) await database.rows('delete from quotas where tenant = $1', [name])
      else
        await database.rows(
          'insert into quotas (tenant, bytes_max) values ($1, $2) on conflict (tenant) do update set bytes_max = excluded.bytes_max',
          [name, bytesMax],
        )
    },

    async space(tenant) {
      const [row] = await rowsOf('$1 = coalesce(space.tenant, quotas.tenant)', [tenant ?? ALL])
      return row ?? { tenant, bytes: 0, bytesMax: null }
    },

    async spaces(limit, after) {
      return await rowsOf('$1::text is null or coalesce(space.tenant, quotas.tenant) > $1 order by 1 limit $2', [
        after === undefined ? null : (after ?? ALL),
        limit,
      ])
    },
  }
}

/** What is stored and what has been promised room. A reservation and what it turns into are never both counted, nor neither. */
async function takenBytes(queries: Queries, tenant: string): Promise<number> {
  const [row] = await queries.rows<{ taken: number }>(
    `select ((select coalesce(sum(bytes), 0) from space where $1 in (tenant, $2))
       + (select coalesce(sum(bytes), 0) from space_reservations where $1 in (tenant, $2) and ends_at > now()))::bigint as taken`,
    [tenant, ALL],
  )
  return row?.taken ?? 0
}
