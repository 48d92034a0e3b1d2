import { setTimeout as sleep } from 'node:timers/promises'
import { itemTag } from '../cdn/url.ts'
import { limits } from '../domain/limits.ts'
import type { EdgePurger, MediaStore } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

/**
 * Purges what edges hold under the item's tag: variants of the version that was replaced. Not before every origin has
 * forgotten that version, since one that still remembers it would fill an edge with it again.
 */
export function invalidate({ catalog, purgers }: { readonly catalog: MediaStore; readonly purgers: readonly EdgePurger[] }) {
  return async (input: IngestInput): Promise<void> => {
    await catalog.setStage(input.mediaId, 'invalidate')
    await sleep(limits.aliasAgeMsMax)
    await Promise.all(purgers.map((purger) => purger.purge(itemTag(input.mediaId))))
  }
}
