import { itemTag } from '../cdn/url.ts'
import type { EdgePurger, MediaStore } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

/** Purges what edges hold under the item's tag: aliases to the version that was replaced. */
export function invalidate({ catalog, purgers }: { readonly catalog: MediaStore; readonly purgers: readonly EdgePurger[] }) {
  return async (input: IngestInput): Promise<void> => {
    await catalog.setStage(input.mediaId, 'invalidate')
    await Promise.all(purgers.map((purger) => purger.purge(itemTag(input.mediaId))))
  }
}
