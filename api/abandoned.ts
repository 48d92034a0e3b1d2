import { errorTable } from '../domain/errors.ts'
import { ingestWorkflowId, type MediaRow } from '../domain/media.ts'
import type { CheckpointStore, MediaStore, WorkflowWatch } from '../domain/ports.ts'
import { refusedData } from '../events/build.ts'
import type { Starter } from './starter.ts'

export interface AbandonedOptions {
  readonly catalog: Pick<MediaStore, 'get' | 'settle'> & Pick<CheckpointStore, 'forgetCheckpoints'>
  readonly workflows: WorkflowWatch
  readonly starter: Pick<Starter, 'start'>
}

/**
 * Sees to an item that is not settled although its workflow may have ended: terminated by hand, timed out, or failed by
 * a bug. It ends as `failed` with its original kept, so that an operator decides whether it is tried again. A workflow
 * that Temporal does not know (its database was lost) is begun anew. Whether anything had to be done.
 */
export async function seeTo(row: MediaRow, { catalog, workflows, starter }: AbandonedOptions): Promise<boolean> {
  const seen = await workflows.look(ingestWorkflowId(row))
  if (seen === 'running') return false
  // What the workflow did last it did before it ended: only now is the row the last word.
  const now = await catalog.get(row.id)
  if (!now || now.version !== row.version || (now.state !== 'processing' && now.state !== 'playable')) return false
  if (seen === 'unknown') {
    await starter.start(now)
    return true
  }
  const error = { code: 'INGEST_ENDED', title: errorTable.INGEST_ENDED.title } as const
  await catalog.settle(row.id, { state: 'failed', error, event: refusedData(now, error) })
  await catalog.forgetCheckpoints(row.id)
  return true
}
