import type { ScrubBook, VolumeScrub } from '../domain/volume-ports.ts'
import type { Queries } from './database.ts'

/** What those who read every byte of the volumes found. */
export function createVolumeScrubs(database: Queries): ScrubBook {
  return {
    async reportScrub({ volume, ...report }) {
      await database.rows(
        `insert into volume_scrubs (volume, report) values ($1, $2)
           on conflict (volume) do update set report = excluded.report, scrubbed_at = now()`,
        [volume, JSON.stringify(report)],
      )
    },

    async scrubOf(volume) {
      const [row] = await database.rows<{ agoMs: number; report: Omit<VolumeScrub, 'volume'> }>(
        `select ceil(extract(epoch from now() - scrubbed_at) * 1000)::bigint as "agoMs", report from volume_scrubs where volume = $1`,
        [volume],
      )
      return row ? { agoMs: row.agoMs, report: { ...row.report, volume } } : null
    },

    async dueForScrub(everyMs, limit) {
      const rows = await database.rows<{ volume: number }>(
        `select id as volume from volumes left join volume_scrubs on volume = id
           where state <> 'retired' and bytes is distinct from 0 and (scrubbed_at is null or scrubbed_at < now() - $1 * interval '1 millisecond')
           order by scrubbed_at nulls first, id limit $2`,
        [everyMs, limit],
      )
      return rows.map(({ volume }) => volume)
    },
  }
}
