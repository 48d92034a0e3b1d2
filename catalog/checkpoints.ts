import { MediaError } from '../domain/errors.ts'
import type { MediaState } from '../domain/media.ts'
import type { CheckpointStore } from '../domain/ports.ts'
import type { Queries } from './database.ts'
import { refusal } from './transitions.ts'

interface Counted {
  readonly state: MediaState
  readonly attempts: number
  readonly finished: boolean
  readonly result: unknown
}

/**
 * Results of finished steps. The last result wins: a step that was done twice has overwritten its own needles.
 * Writing for an erased item is MEDIA_ERASED (a draft holds private facts), for an unknown one MEDIA_NOT_FOUND.
 */
export function createCheckpoints(database: Queries): CheckpointStore {
  const item = `item as (select id, state from media where id = $1 for share)`
  const writable = (row: { readonly state: MediaState } | undefined) => {
    if (!row) throw new MediaError('MEDIA_NOT_FOUND')
    if (row.state === 'erased') throw refusal(row.state)
  }

  return {
    async begin(id, version, step) {
      const [row] = await database.rows<Counted>(
        `with ${item},
           counted as (
             insert into checkpoints as c (media_id, version, step, attempts) select id, $2, $3, 1 from item where state <> 'erased'
             on conflict (media_id, version, step) do update set attempts = c.attempts + (c.finished_at is null)::int
             returning attempts, finished_at is not null as finished, result)
         select item.state, counted.* from item left join counted on true`,
        [id, version, step],
      )
      writable(row)
      if (!row) throw new Error('unreachable')
      return row.finished ? { attempt: row.attempts, result: row.result } : { attempt: row.attempts }
    },

    async finish(id, version, step, result) {
      const [row] = await database.rows<{ state: MediaState }>(
        `with ${item},
           done as (
             insert into checkpoints (media_id, version, step, result, finished_at) select id, $2, $3, $4, now() from item where state <> 'erased'
             on conflict (media_id, version, step) do update set result = excluded.result, finished_at = excluded.finished_at)
         select state from item`,
        [id, version, step, JSON.stringify(result ?? null)],
      )
      writable(row)
    },

    async finished(id, version, step) {
      const [row] = await database.rows<{ result: unknown }>(
        'select result from checkpoints where media_id = $1 and version = $2 and step = $3 and finished_at is not null',
        [id, version, step],
      )
      return row?.result
    },

    async finishedSteps(id, version) {
      const rows = await database.rows<{ step: string }>(
        'select step from checkpoints where media_id = $1 and version = $2 and finished_at is not null order by step collate "C"',
        [id, version],
      )
      return rows.map(({ step }) => step)
    },

    async attempts(id, version) {
      return await database.rows<{ step: string; attempts: number }>(
        'select step, attempts from checkpoints where media_id = $1 and version = $2 order by step collate "C"',
        [id, version],
      )
    },

    async forgetCheckpoints(id) {
      await database.rows('delete from checkpoints where media_id = $1', [id])
    },
  }
}
