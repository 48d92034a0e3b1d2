import { createApi } from '../api/api.ts'
import { hashKey } from '../api/keys.ts'
import { createVariantMaker } from '../api/variant-maker.ts'
import { createStarter, type Starter } from '../api/starter.ts'
import { bundleConsole } from '../console/bundle.ts'
import { createIdGenerator } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import { presets } from '../domain/presets/index.ts'
import { taskQueues } from '../domain/workflow-inputs.ts'
import { filters } from '../media/filters/index.ts'
import type { Client } from '@temporalio/client'
import type { Core } from './core.ts'
import type { Part } from './part.ts'
import { watchOf } from './workflow-watch.ts'

/** How long one call to Temporal may take before the reconciler is relied on. */
const STARTER_CALL_MS_MAX = 5_000

export const DEV_TENANT = 'dev'

/** Begins workflows for the API and for the reconciler. */
export function starterOf(core: Core, temporal: Client): Starter {
  return createStarter({ temporal, catalog: core.catalog, taskQueue: taskQueues.control, callMsMax: STARTER_CALL_MS_MAX })
}

/** The HTTP API with the console, listening. */
export async function startApi(
  core: Core,
  starter: Starter,
  temporal: Client,
  address: { readonly host: string; readonly port: number },
): Promise<Part & { readonly port: number }> {
  const { config, catalog, objects, logger } = core
  if (config.devKey !== null) await catalog.addKey(DEV_TENANT, hashKey(config.devKey))
  const api = createApi({
    catalog,
    objects,
    starter,
    variants: createVariantMaker({ temporal, taskQueue: taskQueues.control, waitMsMax: limits.variantWaitMsMax }),
    workflows: watchOf(temporal),
    urls: core,
    newId: createIdGenerator(config.shard, Date.now),
    limits,
    presets: presets.map((preset) => preset.name),
    filters,
    consoleAssets: await bundleConsole(),
    consoleConfig: { temporalUi: config.temporal.uiUrl, mediaOrigins: [new URL(config.publicUrl).origin] },
    operatorKeys: config.operatorKeys.map(hashKey),
    onAnswer: core.metrics.onApiAnswer,
    logger,
  })
  const { port } = await api.listen(address.host, address.port)
  return { name: 'api', group: 'servers', port, stop: async () => await api.close() }
}
