import { withHeartbeat } from './heartbeat.ts'
import type { VolumeCareDeps } from './volumes-to-compact.ts'

/** Deletes objects of volumes that no longer count and are past their time of grace; how many. Idempotent. */
export function collectGarbage({ care }: VolumeCareDeps) {
  return async (): Promise<number> => await withHeartbeat(async ({ signal }) => await care.collectGarbage({ signal }))
}
