import { getExternalWorkflowHandle, patched, setWorkflowOptions, sleep } from '@temporalio/workflow'
import { limits } from '../domain/limits.ts'
import { ingestWorkflowId } from '../domain/media.ts'
import type { EraseInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

interface EraseStep {
  readonly details: string
  /** Name of the patch that brought it: what began before goes on without. */
  readonly since?: string
  run(input: EraseInput): Promise<void>
}

/** The way out, in order: refused by us before the edges are purged, since a refusal cannot refill them. */
const eraseSteps: readonly EraseStep[] = [
  { details: 'Tombstone; writers are fenced.', run: (input) => activity('beginErase')(input) },
  { details: 'Stopping an ingest that may be running.', run: stopIngest },
  { details: 'Waiting for every origin to refuse.', run: (input) => activity('verifyOrigins')(input) },
  { details: 'Purging the edges.', run: (input) => activity('purgeEdges')(input) },
  { details: 'Waiting for the ingest to have stopped.', run: (input) => activity('awaitIngestEnd')(input) },
  { details: 'Deleting needles and the original.', run: ({ mediaId }) => activity('discard')({ mediaId }) },
  { details: 'Purging what an origin may have answered meanwhile.', since: 'purge-after-tombstones', run: purgeAgain },
  { details: 'Verifying from outside, writing the receipt.', run: (input) => activity('certifyErase')(input) },
]

/** An item out of the world, verifiably: after this completes no origin and no edge answers it. */
export async function erase(input: EraseInput): Promise<void> {
  for (const { details, since, run } of eraseSteps) {
    if (since !== undefined && !patched(since)) continue
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

/**
 * Behind a load balancer there may be an origin that nobody named and that had not heard of the erasure when the edges
 * were purged. By now it has no bytes to answer with: a reader obeys a tombstone after `tombstoneAgeMsMax`.
 */
async function purgeAgain(input: EraseInput): Promise<void> {
  await sleep(limits.tombstoneAgeMsMax * 1.5)
  await activity('purgeEdges')(input)
}
