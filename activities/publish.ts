import type { CheckpointStore, MediaStore } from '../domain/ports.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { loadDraft } from './draft.ts'

/** Makes the developed version the item's manifest. Nobody is told yet: what it replaces is invalidated first. */
export function publish({ catalog }: { readonly catalog: MediaStore & CheckpointStore }) {
  return async (input: IngestInput): Promise<void> => {
    await catalog.setStage(input.mediaId, 'publish')
    const { manifest, facts, fingerprint } = await loadDraft(catalog, input)
    await catalog.publish(input.mediaId, manifest, facts, fingerprint)
  }
}
