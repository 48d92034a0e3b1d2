import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { lookIn } from '../domain/edits.ts'
import type { MediaRow } from '../domain/media.ts'
import { captionsWorkflowId, enhanceWorkflowId, eraseWorkflowId, ingestWorkflowId } from '../domain/media.ts'
import type { SourceType } from '../domain/plans.ts'
import type { MediaStore } from '../domain/ports.ts'
import {
  CAPTIONS_CHANGED,
  type EraseInput,
  fairnessKey,
  type IngestInput,
  type RecaptionInput,
  type searchAttributeNames,
} from '../domain/workflow-inputs.ts'

/** Begins the workflows that the catalog says are due. Each call may be repeated without harm. */
export interface Starter {
  start(row: MediaRow): Promise<void>
  erase(row: MediaRow): Promise<void>
  /** The next version of a ready photo, at higher effort. */
  enhance(row: MediaRow): Promise<void>
  /** Puts the captions that there are now into a finished film. */
  recaption(row: MediaRow): Promise<void>
  /** Throws when Temporal does not answer. */
  ping(): Promise<void>
}

export interface StarterOptions {
  readonly temporal: Pick<Client, 'workflow' | 'connection' | 'withDeadline'>
  readonly catalog: Pick<MediaStore, 'markStarted'>
  readonly taskQueue: string
  /** How long one call to Temporal may take, its retries included. */
  readonly callMsMax: number
}

type Attribute = (typeof searchAttributeNames)[number]

/** Lower runs sooner (1..5). A person waits for an erasure; a photo takes moments where a video takes minutes. */
const priorities = { erase: 1, recaption: 1, image: 2, video: 4, enhance: 5 } as const

const summaries = { ingest: '', erase: 'erase ', enhance: 'enhance ', recaption: 'captions of ' } as const

export function createStarter(options: StarterOptions): Starter {
  const { temporal, catalog, taskQueue, callMsMax } = options
  const within = <T>(work: () => Promise<T>) => temporal.withDeadline(Date.now() + callMsMax, work)

  /** What an operator sees of a workflow, and finds it by. */
  function shownAs(type: keyof typeof summaries, row: MediaRow) {
    const attributes: readonly [Attribute, string][] = [
      ['mediaId', row.id],
      ['tenant', row.tenant],
      ['kind', row.kind],
      ['stage', row.stage],
    ]
    return {
      typedSearchAttributes: attributes.map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value })),
      priority: {
        priorityKey: type === 'ingest' ? priorities[row.kind] : priorities[type],
        fairnessKey: fairnessKey(row.tenant),
      },
      staticSummary: `${summaries[type]}${row.kind} of ${row.tenant}`,
      staticDetails: `${row.sourceType}, ${row.sourceBytes} bytes, preset ${row.preset}${row.filter === null ? '' : `, filter ${row.filter}`}`,
    }
  }

  async function begin(
    type: 'ingest' | 'erase' | 'enhance',
    workflowId: string,
    row: MediaRow,
    input: IngestInput | EraseInput,
  ): Promise<void> {
    try {
      await within(() =>
        temporal.workflow.start(type, {
          workflowId,
          taskQueue,
          args: [input],
          // One ingest per version, for as long as Temporal keeps the ended one; an erasure that failed is owed still, so it may be begun anew.
          workflowIdReusePolicy: type === 'ingest' ? 'REJECT_DUPLICATE' : 'ALLOW_DUPLICATE_FAILED_ONLY',
          workflowIdConflictPolicy: 'FAIL',
          ...shownAs(type, row),
        }),
      )
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }

  const inputOf = (row: MediaRow, version: number): IngestInput => ({
    mediaId: row.id,
    tenant: row.tenant,
    kind: row.kind,
    sourceType: row.sourceType as SourceType,
    preset: row.preset,
    ...lookIn(row),
    version,
  })

  return {
    async start(row) {
      await begin('ingest', ingestWorkflowId(row), row, inputOf(row, row.version))
      await catalog.markStarted(row.id)
    },
    erase: (row) => begin('erase', eraseWorkflowId(row.tenant, row.id), row, { mediaId: row.id, tenant: row.tenant, version: row.version }),
    async enhance(row) {
      const version = row.version + 1
      await begin('enhance', enhanceWorkflowId(row.tenant, row.id, version), row, inputOf(row, version))
    },
    async recaption(row) {
      const input: RecaptionInput = { mediaId: row.id, tenant: row.tenant }
      await within(() =>
        temporal.workflow.signalWithStart('recaption', {
          workflowId: captionsWorkflowId(row.tenant, row.id),
          taskQueue,
          args: [input],
          signal: CAPTIONS_CHANGED,
          ...shownAs('recaption', row),
        }),
      )
    },
    async ping() {
      await within(async () => temporal.connection.workflowService.getSystemInfo({}))
    },
  }
}
