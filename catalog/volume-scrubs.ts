import type { ScrubBook, ScrubReport, VolumeRow } from '../domain/volume-ports.ts'
import type { Database } from './database.ts'
import { VOLUME_ROW } from './volume-books.ts'

/** Reports of earlier releases say less. */
const UNSAID = { found: 0, repaired: 0, tookMs: 0, deadBytes: 0 }

/** What those who read every byte of the volumes found. */
export function createVolumeScrubs(database: Database): ScrubBook {
  return {
    async reportScrub({ volume, ...report }) {
      await database.transaction(async (queries) => {
        await queries.rows(
          `insert into volume_scrubs (volume, report) values ($1, $2)
             on conflict (volume) do update set report = excluded.report, scrubbed_at = now()`,
          [volume, JSON.stringify(report)],
        )
        // More may have been erased since the scrub looked: what is known already is not made less. A volume that was
        // compacted meanwhile has another size, and what was dead in it is gone.
        await queries.rows('update volumes set bytes_erased = greatest(bytes_erased, $2) where id = $1 and (bytes is null or bytes = $3)', [
          volume,
          report.deadBytes,
          report.bytes,
        ])
      })
    },

    async overview(after, limit) {
      const rows = await database.rows<VolumeRow & { agoMs: number | null; report: Omit<ScrubReport, 'volume'> | null }>(
        `select ${VOLUME_ROW}, report, ceil(extract(epoch from now() - scrubbed_at) * 1000)::bigint as "agoMs"
           from volumes left join volume_scrubs on volume_scrubs.volume = id where id > $1 order by id limit $2`,
        [after, limit],
      )
      return rows.map(({ agoMs, report, ...row }) => ({
        row,
        scrub: agoMs === null || report === null ? null : { agoMs, report: { ...UNSAID, ...report, volume: row.volume } },
      }))
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
