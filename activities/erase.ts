import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf } from '../domain/errors.ts'
import { ingestWorkflowId } from '../domain/media.ts'
import type { EdgePurger, MediaStore, WorkflowWatch } from '../domain/ports.ts'
import type { EraseInput } from '../domain/workflow-inputs.ts'
import { formatFilePath, itemTag } from '../cdn/url.ts'
import { verifyRefused } from '../cdn/verify.ts'
import { erasedData } from '../events/build.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface EraseDeps {
  readonly catalog: MediaStore
  readonly purgers: readonly EdgePurger[]
  readonly workflows: WorkflowWatch
  /** Base URLs of every origin, asked directly: each must refuse before the edges are purged. */
  readonly originUrls: readonly string[]
  /** Base URL that browsers use; through the edge where there is one. */
  readonly publicUrl: string
  /** Base URLs of the edges: each is asked, since each has a cache of its own. */
  readonly edgeUrls: readonly string[]
}

/** An address under the item that any origin that knows of the erasure answers with 410, whatever it held. */
function witness(base: string, input: EraseInput): string {
  return new URL(`/m/${input.mediaId}.${input.version}/1.1.0000000000000000/witness.jpg`, base).href
}

/** The tombstone: from here on the item is erased for the API, its writers are fenced, and origins are told. */
export function beginErase({ catalog }: EraseDeps) {
  return async (input: EraseInput): Promise<void> => {
    await catalog.beginErase(input.mediaId)
  }
}

/** Returns when every origin refuses the item; until then it fails as NOT_YET_REFUSED and is tried again. */
export function verifyOrigins({ originUrls }: EraseDeps) {
  return async (input: EraseInput): Promise<void> =>
    await withHeartbeat(
      async ({ signal }) =>
        await verifyRefused(
          originUrls.map((base) => witness(base, input)),
          signal,
        ),
    )
}

/** Returns when an ingest that was asked to stop has ended, so that nothing is written after the needles are deleted. */
export function awaitIngestEnd({ workflows }: EraseDeps) {
  return async (input: EraseInput): Promise<void> =>
    await withHeartbeat(async ({ signal }) => {
      const workflowId = ingestWorkflowId({ ...input, id: input.mediaId })
      while ((await workflows.look(workflowId)) === 'running') await sleep(250, undefined, { signal })
    })
}

/** Purges every edge; an origin that refuses can no longer refill them. */
export function purgeEdges({ purgers }: EraseDeps) {
  return async (input: EraseInput): Promise<void> => {
    await Promise.all(purgers.map((purger) => purger.purge(itemTag(input.mediaId))))
  }
}

/**
 * The receipt: seen from outside the item is refused, at addresses that edges are likely to have held, and by every
 * edge; state and event media.erased in one transaction. What still answers is purged before the next try.
 */
export function certifyErase(deps: EraseDeps) {
  const { catalog, publicUrl, edgeUrls } = deps
  const purge = purgeEdges(deps)
  return async (input: EraseInput): Promise<void> =>
    await withHeartbeat(async ({ signal }) => {
      const paths = (await catalog.witnesses(input.mediaId)).map((file) => formatFilePath({ id: input.mediaId, ...file }))
      const urls = [publicUrl, ...edgeUrls].flatMap((base) => [witness(base, input), ...paths.map((path) => new URL(path, base).href)])
      try {
        await verifyRefused([...new Set(urls)], signal)
      } catch (error) {
        if (codeOf(error) === 'NOT_YET_REFUSED') await purge(input)
        throw error
      }
      await catalog.settle(input.mediaId, { state: 'erased', event: erasedData(input.mediaId, input.tenant, new Date()) })
    })
}
