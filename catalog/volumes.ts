import { limits } from '../domain/limits.ts'
import type { VolumeDirectory, VolumeLease } from '../domain/volume-ports.ts'
import type { Queries } from './database.ts'

interface Held {
  readonly volume: number
  readonly epoch: number
}

/** Milliseconds from now, as PostgreSQL reckons: no clock but the database's decides about leases. */
export const LEASE_END = `now() + ${limits.volumeLeaseMs} * interval '1 millisecond'`

export const leaseOf = ({ volume, epoch }: Held): VolumeLease => ({ volume, epoch, leaseMs: limits.volumeLeaseMs })

/** Which volumes there are and who may write them. */
export function createVolumes(database: Queries): VolumeDirectory {
  return {
    async allot(writer) {
      const [row] = await database.rows<Held>(
        `insert into volumes (writer, lease_until) values ($1, ${LEASE_END}) returning id as volume, epoch`,
        [writer],
      )
      if (!row) throw new Error('an insert returned no row')
      return leaseOf(row)
    },

    // Each take-over is a new epoch: records of the writer that stopped, should it live on, are told from ours.
    async openOf(writer) {
      const rows = await database.rows<Held>(
        `update volumes set epoch = epoch + 1, revoked = false, lease_until = ${LEASE_END}
         where writer = $1 and state = 'open' returning id as volume, epoch`,
        [writer],
      )
      return rows.toSorted((a, b) => b.volume - a.volume).map(leaseOf)
    },

    async renew({ volume, epoch }) {
      const [row] = await database.rows<Held>(
        `update volumes set lease_until = ${LEASE_END}
         where id = $1 and epoch = $2 and state = 'open' and not revoked returning id as volume, epoch`,
        [volume, epoch],
      )
      return row ? leaseOf(row) : null
    },

    async seal({ volume, epoch }, bytes) {
      const sealed = await database.rows(
        `update volumes set state = 'sealed', bytes = $3, sealed_at = now() where id = $1 and epoch = $2 and state = 'open' returning id`,
        [volume, epoch, bytes],
      )
      return sealed.length > 0
    },
  }
}
