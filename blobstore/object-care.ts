import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import type { VolumeCare } from '../domain/volume-ports.ts'
import type { Clock } from './refresher.ts'
import { type Sealer, sealAbandoned } from './seal-abandoned.ts'

export interface ObjectCareOptions extends Sealer {
  readonly objects: ObjectStore
  readonly clock: Clock
}

/** Looks after volumes on objects. */
export function createObjectCare(options: ObjectCareOptions): VolumeCare {
  const nothing = async () => ({ done: false, why: 'nothing to do' }) as const
  return {
    async scrub(volume) {
      throw new MediaError('BLOB_NOT_FOUND', 'Volumes on objects are not scrubbed yet.', { facts: { volume } })
    },
    compact: nothing,
    // The engine of objects keeps its own copies.
    repair: async () => 0,
    merge: nothing,
    collectGarbage: async () => 0,
    sealAbandoned: (care) => sealAbandoned(options, care),
  }
}
