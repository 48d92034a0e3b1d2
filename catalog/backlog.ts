import type { Backlog, BacklogView } from '../domain/backlog.ts'
import type { Queries } from './database.ts'

/** What waits. Each part of the first query has a partial index of its own: what is done is not looked at. */
export function createBacklog(database: Queries): BacklogView {
  return {
    async backlog() {
      const items = await database.rows<Backlog['items'][number]>(
        `select state, count(*)::integer as count, coalesce(extract(epoch from now() - min(since)), 0)::float8 as "oldestSeconds" from (
           select 'unstarted' as state, accepted_at as since from media where state = 'processing' and started_at is null
           union all select state, accepted_at from media where state in ('processing', 'playable') and started_at is not null
           union all select 'erasing', erased_at from erasures join media on id = media_id where state = 'erased' and stage <> 'done'
         ) waiting group by state`,
      )
      const [outbox = { count: 0, oldestSeconds: 0 }] = await database.rows<Backlog['outbox']>(
        `select count(*)::integer as count, coalesce(extract(epoch from now() - min(time)), 0)::float8 as "oldestSeconds"
         from outbox where relayed_at is null`,
      )
      const volumes = await database.rows<Backlog['volumes'][number]>(
        `select state, count(*)::integer as count, coalesce(sum(bytes), 0)::bigint as bytes, coalesce(sum(bytes_erased), 0)::bigint as "bytesErased"
         from volumes group by state`,
      )
      return { items, outbox, volumes }
    },
  }
}
