import type { Outbox } from '../domain/ports.ts'
import type { OutboxEvent } from '../domain/events.ts'
import type { Queries } from './database.ts'

const columns = 'sequence, event_id as "eventId", type, media_id as "mediaId", tenant, time, data'

/** Events on their way out. Written by settle alone; here they are read and ticked off. */
export function createOutbox(database: Queries): Outbox {
  return {
    pending: (limit) =>
      database.rows<OutboxEvent>(`select ${columns} from outbox where relayed_at is null order by sequence limit $1`, [limit]),

    async markRelayed(sequences) {
      if (sequences.length === 0) return
      await database.rows('update outbox set relayed_at = now() where sequence = any ($1) and relayed_at is null', [sequences])
    },

    eventsOf: (id) => database.rows<OutboxEvent>(`select ${columns} from outbox where media_id = $1 order by sequence`, [id]),
  }
}
