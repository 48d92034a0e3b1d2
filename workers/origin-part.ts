import type { Client } from '@temporalio/client'
import { factsOfError } from '../api/logger.ts'
import type { Starter } from '../api/starter.ts'
import { createVariantMaker } from '../api/variant-maker.ts'
import { createErasureFollower } from '../cdn/erasures.ts'
import { createPopularity } from '../cdn/popularity.ts'
import { createOrigin } from '../cdn/origin.ts'
import { enhanceHindrance } from '../domain/enhance.ts'
import type { MediaId } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import type { BlobStore } from '../domain/ports.ts'
import { taskQueues } from '../domain/workflow-inputs.ts'
import { starterOf } from './api-part.ts'
import type { Core } from './core.ts'
import type { Part } from './part.ts'

/** Erasures are pushed; this is how often they are looked for in any case. */
const ERASURE_POLL_MS = 2_000

/** The origin, listening: immutable files out of the volumes, aliases out of the catalog, refusing what was erased. */
export async function startOrigin(
  core: Core,
  blobs: Pick<BlobStore, 'read'>,
  temporal: Client,
  address: { readonly host: string; readonly port: number },
): Promise<Part & { readonly port: number }> {
  const { catalog, logger } = core
  const erasures = createErasureFollower({ feed: catalog, onSignal: catalog.onSignal, pollMs: ERASURE_POLL_MS, logger })
  const maker = createVariantMaker({ temporal, taskQueue: taskQueues.control, waitMsMax: limits.variantWaitMsMax })
  const variants = { store: catalog, maker, ...core.config.variants }
  const starter = starterOf(core, temporal)
  const popularity = createPopularity({
    limits,
    onPopular: (ids) => void Promise.all(ids.map((id) => enhanceWhereItPays(core, starter, id))),
  })
  const origin = createOrigin({
    blobs,
    erasures,
    current: catalog,
    variants,
    contentSecret: core.config.contentSecret,
    limits,
    logger,
    onRead: popularity.count,
    onAnswer: core.metrics.onOriginAnswer,
  })
  const port = Number(new URL(await origin.listen(address.port, address.host)).port)
  return {
    name: 'origin',
    group: 'servers',
    port,
    stop: async () => {
      popularity.close()
      await origin.close()
      await erasures.close()
    },
  }
}

/** What is read often is encoded again at higher effort, once. That it fails is no reader's concern: the next window asks again. */
async function enhanceWhereItPays({ catalog, logger }: Core, starter: Starter, id: MediaId): Promise<void> {
  try {
    const row = await catalog.get(id)
    if (row && !row.manifest?.enhanced && enhanceHindrance(row) === null) await starter.enhance(row)
  } catch (error) {
    logger.warn('enhance', { id, ...factsOfError(error) })
  }
}
