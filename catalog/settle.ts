import { eventIdOf, type EventData, type EventType } from '../domain/events.ts'
import type { MediaId } from '../domain/ids.ts'
import type { MediaStore } from '../domain/ports.ts'
import type { Database, Queries } from './database.ts'
import { lockMedia, type LockedMedia } from './media.ts'
import { decideSettle } from './transitions.ts'

/** Adds an event under its deterministic id; whether it was not there yet. */
async function addEvent(queries: Queries, id: MediaId, row: LockedMedia, type: EventType, data: EventData): Promise<boolean> {
  const added = await queries.rows(
    `insert into outbox (event_id, type, media_id, tenant, data) values ($1, $2, $3, $4, $5)
     on conflict (event_id) do nothing returning sequence`,
    [eventIdOf(id, row.version, type), type, id, row.tenant, JSON.stringify(data)],
  )
  return added.length > 0
}

/** The outcome of an item, or that it can be played already: its state and the event that tells of it, in one transaction. */
export function createSettle(database: Database): Pick<MediaStore, 'settle'> {
  return {
    async settle(id, outcome) {
      await database.transaction(async (queries) => {
        const row = await lockMedia(queries, id)
        const decision = decideSettle(row.state, outcome.state)
        if (decision === 'keep') return
        const shown = outcome.state === 'ready' || outcome.state === 'playable'
        if (shown && !row.published) throw new Error(`${id} is settled as ${outcome.state} without a manifest`)
        const added = await addEvent(queries, id, row, `media.${outcome.state}`, outcome.event)
        if (decision === 'repeat' && !added) return
        if (outcome.state === 'playable') {
          // Not the end: stage and progress go on being told.
          await queries.rows('update media set state = $2 where id = $1', [id, outcome.state])
          return
        }
        if (outcome.state === 'erased') await queries.rows('update erasures set witnesses = null where media_id = $1', [id])
        const refused = outcome.state === 'rejected' || outcome.state === 'failed'
        await queries.rows(
          `update media set state = $2, stage = 'done', progress = null, error = $3,
             manifest = case when $4 then null else manifest end, facts = case when $4 then null else facts end
           where id = $1`,
          [id, outcome.state, refused ? JSON.stringify(outcome.error) : null, refused],
        )
      })
    },
  }
}
