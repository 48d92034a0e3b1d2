import type { VolumeDirectory } from '../domain/ports.ts'
import type { Queries } from './database.ts'

interface Lease {
  readonly volume: number
  readonly epoch: number
}

/** Which volumes there are and who may write them. */
export function createVolumes(database: Queries): VolumeDirectory {
  return {
    async allot(writer) {
      const [row] = await database.rows<Lease>('insert into volumes (writer) values ($1) returning id as volume, epoch', [writer])
      if (!row) throw new Error('an insert returned no row')
      return row
    },

    // Each take-over is a new epoch: records of the writer that stopped, should it live on, are told from ours.
    async openOf(writer) {
      const rows = await database.rows<Lease>(
        `update volumes set epoch = epoch + 1 where writer = $1 and state = 'open' returning id as volume, epoch`,
        [writer],
      )
      return rows.toSorted((a, b) => b.volume - a.volume)
    },

    async seal(volume, bytes) {
      await database.rows(`update volumes set state = 'sealed', bytes = $2, sealed_at = now() where id = $1 and state = 'open'`, [
        volume,
        bytes,
      ])
    },
  }
}
