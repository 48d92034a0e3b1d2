import { getExternalWorkflowHandle, setWorkflowOptions } from '@temporalio/workflow'
import { ingestWorkflowId } from '../domain/media.ts'
import type { EraseInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** The way out, in order: refused by us before the edges are purged, since a refusal cannot refill them. */
const eraseSteps: readonly { readonly details: string; run(input: EraseInput): Promise<void> }[] = [
  { details: 'Tombstone; writers are fenced.', run: (input) => activity('beginErase')(input) },
  { details: 'Stopping an ingest that may be running.', run: stopIngest },
  { details: 'Waiting for every origin to refuse.', run: (input) => activity('verifyOrigins')(input) },
  { details: 'Purging the edges.', run: (input) => activity('purgeEdges')(input) },
  { details: 'Waiting for the ingest to have stopped.', run: (input) => activity('awaitIngestEnd')(input) },
  { details: 'Deleting needles and the original.', run: ({ mediaId }) => activity('discard')({ mediaId }) },
  { details: 'Verifying from outside, writing the receipt.', run: (input) => activity('certifyErase')(input) },
]

/** An item out of the world, verifiably: after this completes no origin and no edge answers it. */
export async function erase(input: EraseInput): Promise<void> {
  for (const { details, run } of eraseSteps) {
    showStage('erase', details)
    await run(input)
  }
  showStage('done', 'Erased and verified.')
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, erase)

/** An ingest that has ended already, or never began, is what we want: that the request fails then says nothing. */
async function stopIngest({ mediaId: id, ...input }: EraseInput): Promise<void> {
  try {
    await getExternalWorkflowHandle(ingestWorkflowId({ id, ...input })).cancel()
  } catch {
    // Not found or closed.
  }
}
