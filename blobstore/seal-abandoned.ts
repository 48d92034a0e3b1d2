import { isAbandoned } from '../domain/volume-care.ts'
import type { CareOptions, VolumeBooks, VolumeDirectory } from '../domain/volume-ports.ts'
import type { Report, VolumeBackend } from './volume-log.ts'

const ROWS_AT_ONCE = 100

export interface Sealer {
  readonly backend: VolumeBackend
  readonly directory: VolumeDirectory & VolumeBooks
  /** Name under which this process takes volumes over; no writer's. */
  readonly name: string
  readonly report: Report
}

/** Seals every volume whose holder's lease has run out; gives their numbers. What cannot be sealed now is told, and tried next time. */
export async function sealAbandoned(sealer: Sealer, { signal }: CareOptions): Promise<number[]> {
  const { directory, report } = sealer
  const sealed: number[] = []
  for (let after = 0; ; ) {
    const rows = await directory.volumes({ states: ['open'], after, limit: ROWS_AT_ONCE })
    for (const row of rows.filter(isAbandoned)) {
      signal?.throwIfAborted()
      try {
        if (await sealTaken(sealer, row.volume, false)) sealed.push(row.volume)
      } catch (error) {
        report({ kind: 'seal failed', volume: row.volume, error })
      }
    }
    const last = rows.at(-1)
    if (last === undefined || rows.length < ROWS_AT_ONCE) return sealed
    after = last.volume
  }
}

/**
 * An operator wants an open volume back: its holder's lease is not renewed any more, and the volume is sealed once it has run
 * out. Whether it is now; if not, ask again. The holder goes on in another volume.
 */
export async function reclaim(sealer: Sealer, volume: number): Promise<boolean> {
  const leaseMs = await sealer.directory.revoke(volume)
  return leaseMs === null || (await sealTaken(sealer, volume, false))
}

/**
 * Takes a volume from its holder and seals it where it ends. The taking raises the epoch by compare-and-swap, so the
 * holder can neither renew nor seal; sealing the log marks its end with the new epoch, so what the holder may still send
 * is refused or not taken for records. False while the holder's lease lasts, unless by `force`.
 */
export async function sealTaken(
  { backend, directory, name, report }: Omit<Sealer, 'directory'> & { readonly directory: VolumeDirectory & Pick<VolumeBooks, 'take'> },
  volume: number,
  force: boolean,
): Promise<boolean> {
  const lease = await directory.take(volume, name, { force })
  if (lease === null) return false
  const recovered = await backend.recover(volume, lease.epoch)
  if (recovered === null) {
    report({ kind: 'volume missing', volume })
    return directory.seal(lease, 0)
  }
  const { log, view } = recovered
  try {
    const bytes = log === null ? recovered.bytes : await log.seal()
    await log?.close()
    return await directory.seal(lease, bytes)
  } finally {
    await log?.abandon()
    await view.close()
  }
}
