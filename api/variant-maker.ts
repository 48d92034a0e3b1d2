import { type Client, isGrpcServiceError, isGrpcDeadlineError, WorkflowFailedError } from '@temporalio/client'
import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common'
import { isErrorCode, MediaError } from '../domain/errors.ts'
import { variantsWorkflowId } from '../domain/media.ts'
import type { VariantMaker } from '../domain/ports.ts'
import { variantName } from '../domain/variant.ts'
import type { searchAttributeNames, VariantsInput } from '../domain/workflow-inputs.ts'

export interface VariantMakerOptions {
  readonly temporal: Pick<Client, 'workflow' | 'withDeadline'>
  readonly taskQueue: string
  /** How long a caller waits. */
  readonly waitMsMax: number
}

/** A run that has not ended by then is given up, and the next request begins another: what a lease's expiry would be. */
const RUN_TIMEOUT = '5m'

/**
 * Has variants made by a workflow whose id names them. Temporal lets one run of an id be open, so that however many
 * origins and callers ask at once, one decode is done and all wait for it.
 */
export function createVariantMaker({ temporal, taskQueue, waitMsMax }: VariantMakerOptions): VariantMaker {
  return {
    async make(row, variants) {
      const version = row.manifest?.version ?? row.version
      const input: VariantsInput = { mediaId: row.id, tenant: row.tenant, version, variants }
      const attributes: readonly [(typeof searchAttributeNames)[number], string][] = [
        ['mediaId', row.id],
        ['tenant', row.tenant],
        ['kind', row.kind],
      ]
      try {
        await temporal.withDeadline(Date.now() + waitMsMax, () =>
          temporal.workflow.execute('variants', {
            workflowId: variantsWorkflowId(row.id, version, variants.map(variantName)),
            taskQueue,
            args: [input],
            workflowIdReusePolicy: 'ALLOW_DUPLICATE',
            workflowIdConflictPolicy: 'USE_EXISTING',
            workflowExecutionTimeout: RUN_TIMEOUT,
            typedSearchAttributes: attributes.map(([name, value]) => ({ key: { name, type: 'KEYWORD' as const }, value })),
            priority: { priorityKey: 1, fairnessKey: row.tenant.slice(0, 64) },
            staticSummary: `${variants.length} variants of ${row.id}`,
          }),
        )
      } catch (error) {
        throw failureOf(error)
      }
    },
  }
}

/** What a reader is told: the code that the making failed with, or that it has not come about yet. */
function failureOf(error: unknown): unknown {
  if (error instanceof WorkflowFailedError) {
    let cause: unknown = error.cause
    while (cause instanceof ActivityFailure && cause.cause) cause = cause.cause
    if (cause instanceof ApplicationFailure && cause.type && isErrorCode(cause.type))
      return new MediaError(cause.type, undefined, { cause: error })
    if (cause instanceof TimeoutFailure) return new MediaError('VARIANTS_BUSY', undefined, { cause: error })
    return error
  }
  if (isGrpcDeadlineError(error) || isGrpcServiceError(error)) return new MediaError('VARIANTS_BUSY', undefined, { cause: error })
  return error
}
