import type { Client } from '@temporalio/client'
import { controlActivities } from '../activities/index.ts'
import { factsOfError } from '../api/logger.ts'
import { createSweep } from '../api/orphans.ts'
import { createReconciler } from '../api/reconciler.ts'
import type { Starter } from '../api/starter.ts'
import { createPurgers } from '../cdn/invalidation/index.ts'
import type { BlobStore } from '../domain/ports.ts'
import { taskQueues } from '../domain/workflow-inputs.ts'
import { createKafkaSink } from '../events/kafka.ts'
import { createRelay } from '../events/relay.ts'
import { limits } from '../domain/limits.ts'
import type { WorkflowBundle } from './bundle.ts'
import type { Core } from './core.ts'
import type { Part, Parts } from './part.ts'
import type { WorkerSeat } from './render-part.ts'
import { startQueueWorker } from './temporal-worker.ts'
import { watchOf } from './workflow-watch.ts'

/** Light steps wait for servers, not for cores. */
const CONTROL_SLOTS = 32
const RELAY_INTERVAL_MS = 5_000
/** What was committed this long ago and is not started was lost on the way. */
const UNSTARTED_MS = 2_000
const RECONCILE_INTERVAL_MS = 1_000

/** CloudEvents' source attribute of everything this pipeline announces. */
export const EVENT_SOURCE = 'urn:darkroom'

/** The worker that runs workflows and light steps. */
export async function startControlWorker(
  core: Core,
  seat: WorkerSeat,
  bundle: WorkflowBundle,
  temporal: Client,
  blobs: Pick<BlobStore, 'delete'>,
): Promise<Part> {
  const { catalog, objects, config } = core
  return await startQueueWorker({
    ...seat,
    taskQueue: taskQueues.control,
    slots: CONTROL_SLOTS,
    workflows: bundle,
    activities: controlActivities({
      catalog,
      objects,
      blobs,
      urls: core,
      purgers: createPurgers(config.edgeUrls.length > 0 ? { varnish: { edges: config.edgeUrls } } : {}),
      workflows: watchOf(temporal),
      originUrls: config.originUrls,
      publicUrl: config.publicUrl,
      edgeUrls: config.edgeUrls,
    }),
  })
}

/** Finds what was committed and not started, and what ended without an outcome. */
export function startReconciler(core: Core, starter: Starter, temporal: Client, parts: Parts): void {
  const { catalog, logger } = core
  const reconciler = createReconciler({
    catalog,
    starter,
    workflows: watchOf(temporal),
    logger,
    olderThanMs: UNSTARTED_MS,
    notSeenMs: limits.ingestNotSeenMsMax,
    intervalMs: RECONCILE_INTERVAL_MS,
  })
  reconciler.start()
  parts.add({ name: 'reconciler', stop: async () => await reconciler.stop() })
}

/** Deletes originals that a process left which died before it committed them. */
export function startSweep({ catalog, objects, logger }: Core, parts: Parts): void {
  const sweep = createSweep({
    catalog,
    objects,
    graceMs: limits.orphanGraceMs,
    windowMs: limits.orphanWindowMs,
    intervalMs: limits.orphanSweepMs,
    now: Date.now,
    logger,
  })
  sweep.start()
  parts.add({ name: 'sweep', stop: async () => await sweep.stop() })
}

/** Brings events from the outbox to Kafka; without brokers they wait there. */
export function startRelay(core: Core, parts: Parts): void {
  const { config, catalog, logger } = core
  if (config.kafka.brokers.length === 0) return
  const sink = createKafkaSink({ brokers: [...config.kafka.brokers], topic: config.kafka.topic, clientId: 'darkroom-relay', logger })
  parts.add({ name: 'kafka', stop: async () => await sink.close() })
  const relay = createRelay({
    outbox: catalog,
    sink,
    source: EVENT_SOURCE,
    intervalMs: RELAY_INTERVAL_MS,
    backoffMsMax: limits.relayBackoffMsMax,
    batchMax: limits.outboxBatchMax,
    subscribe: (wake) => catalog.onSignal((signal) => signal.kind === 'outbox' && wake()),
    onError: (error) => logger.warn('relay', factsOfError(error)),
  })
  relay.start()
  parts.add({ name: 'relay', stop: async () => await relay.stop() })
}
