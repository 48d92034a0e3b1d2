import { join } from 'node:path'
import { NativeConnection } from '@temporalio/worker'
import { MediaError } from '../domain/errors.ts'
import type { Catalog } from '../domain/ports.ts'
import { startKafka } from '../infra/engines/kafka.ts'
import { pickPorts } from '../infra/engines/ports.ts'
import { startPostgres } from '../infra/engines/postgres.ts'
import { openSupervisor, type Supervisor } from '../infra/engines/supervisor.ts'
import { startTemporalDev } from '../infra/engines/temporal-dev.ts'
import { need, type Tools } from '../infra/engines/tools.ts'
import { openBlobStore } from './blobs.ts'
import { workflowBundle } from './bundle.ts'
import type { Config } from './config.ts'
import { startControlWorker, startReconciler, startRelay, startSweep } from './control-part.ts'
import { keptContentSecret, keptDevKey, keptOperatorKey, keptVariantSecret } from './dev-key.ts'
import { openCore, openTemporal } from './core.ts'
import { makeCurrent } from './deployment.ts'
import { startApi, starterOf } from './api-part.ts'
import { announceInstance, type Instance } from './instance.ts'
import { startOrigin } from './origin-part.ts'
import type { Parts } from './part.ts'
import { openImageStudio, startImageWorker, startVideoWorker, workerSeat } from './render-part.ts'
import { fileLogger } from './file-log.ts'
import { ensureSchedules } from './schedules.ts'
import { startVolumesWorker } from './volumes-part.ts'
import { installTemporalRuntime } from './temporal-log.ts'

export interface EmbeddedOptions {
  readonly home: string
  readonly tools: Tools
  /** First of a block of ports on 127.0.0.1; 0 takes any free ones. */
  readonly basePort: number
  /** Engines named from outside take the place of our own. */
  readonly given: {
    readonly databaseUrl?: string
    readonly temporalAddress?: string
    readonly temporalUiUrl?: string
    readonly kafkaBrokers?: readonly string[]
    readonly s3?: Config['s3']
    readonly edgeUrls?: readonly string[]
    readonly publicUrl?: string
    readonly devKey?: string
    readonly volumeFolders?: Config['volumeFolders']
    readonly volumeCopies?: readonly string[]
    readonly volumeReads?: Config['volumeReads']
  }
  readonly variants: Config['variants']
  readonly contentSecret: string | null
  readonly quotas?: Config['quotas']
  readonly operatorKeys?: Config['operatorKeys']
  readonly slots: Config['slots']
  readonly buildId: Config['buildId']
  readonly metrics: Config['metrics']
  readonly eventsTopic: string
  /** One line of progress for a person. */
  readonly say: (line: string) => void
  /** An engine or a worker ended by itself: nothing goes on without it. */
  readonly onLost: (error: unknown) => void
}

export interface Embedded {
  readonly instance: Instance
  readonly catalog: Catalog
}

const portNames = ['api', 'origin', 'temporal', 'temporal UI', 'PostgreSQL', 'Kafka', 'Kafka controller', 'temporal metrics'] as const
type Ports = Record<(typeof portNames)[number], number>

interface Engines {
  readonly databaseUrl: string
  readonly temporal: { readonly address: string; readonly uiUrl: string | null }
  readonly brokers: readonly string[]
}

/** Starts the whole pipeline in this process, with engines of its own where none are named. */
export async function startEmbedded(options: EmbeddedOptions, parts: Parts): Promise<Embedded> {
  const { home, tools, say, given } = options
  const ffmpeg = { ffmpeg: need(tools, 'ffmpeg'), ffprobe: need(tools, 'ffprobe') }
  const supervisor = await openSupervisor({ home, onLost: options.onLost })
  parts.add({ name: 'engines', stop: async () => await supervisor.stop() })
  if (supervisor.reaped.length > 0) say(`ended what a killed start had left: ${supervisor.reaped.join(', ')}`)
  const logger = fileLogger(home)
  installTemporalRuntime(logger)
  const ports = await pickPorts(options.basePort, portNames)
  const [engines, bundle] = await Promise.all([
    startEngines(options, supervisor, ports),
    workflowBundle(join(home, 'bundles'), options.buildId),
  ])

  const originUrl = `http://127.0.0.1:${ports.origin}`
  const devKey = given.devKey ?? (await keptDevKey(home))
  const config: Config = {
    databaseUrl: engines.databaseUrl,
    temporal: { ...engines.temporal, namespace: 'default' },
    kafka: { brokers: engines.brokers, topic: options.eventsTopic },
    s3: given.s3 ?? null,
    home,
    volumeFolders: given.volumeFolders ?? [],
    volumeCopies: given.volumeCopies ?? [],
    volumeReads: given.volumeReads ?? 'cached',
    quotas: options.quotas ?? [],
    publicUrl: given.publicUrl ?? originUrl,
    originUrls: [originUrl],
    edgeUrls: given.edgeUrls ?? [],
    writer: 'embedded',
    shard: 0,
    variants: { ...options.variants, secrets: [...options.variants.secrets, await keptVariantSecret(home)] },
    contentSecret: options.contentSecret ?? (await keptContentSecret(home)),
    slots: options.slots,
    buildId: options.buildId,
    metrics: options.metrics,
    devKey,
    operatorKeys: [...(options.operatorKeys ?? []), await keptOperatorKey(home)],
  }
  const core = await openCore(config, logger, parts)
  const temporal = await openTemporal(core, parts)
  const connection = await NativeConnection.connect({ address: config.temporal.address })
  parts.add({ name: 'temporal connection', stop: async () => await connection.close() })
  const blobs = await openBlobStore(core, parts)
  const images = openImageStudio(config, config.slots.image, ffmpeg.ffmpeg, parts)
  const seat = workerSeat(core, connection, bundle.buildId, options.onLost)
  parts.add(await startImageWorker(core, seat, blobs, images))
  parts.add(await startVideoWorker(core, seat, blobs, images, ffmpeg))
  parts.add(await startControlWorker(core, seat, bundle, temporal, blobs))
  const care = await startVolumesWorker(core, seat, blobs, parts)
  await makeCurrent(temporal, config.temporal.namespace, bundle.buildId)
  await ensureSchedules(temporal, care)
  const starter = starterOf(core, temporal)
  startRelay(core, parts)
  startReconciler(core, starter, temporal, parts)
  startSweep(core, parts)
  parts.add(await startOrigin(core, blobs, temporal, { host: '127.0.0.1', port: ports.origin }))
  parts.add(await startApi(core, starter, temporal, { host: '127.0.0.1', port: ports.api }))
  const api = `http://127.0.0.1:${ports.api}`
  const instance: Instance = {
    api,
    origin: originUrl,
    console: `${api}/#key=${devKey}`,
    temporalUi: config.temporal.uiUrl,
    apiKey: devKey,
    kafka: [...engines.brokers],
    topic: options.eventsTopic,
  }
  const forget = await announceInstance(home, instance)
  parts.add({ name: 'instance file', stop: forget })
  return { instance, catalog: core.catalog }
}

async function startEngines({ tools, given, say }: EmbeddedOptions, supervisor: Supervisor, ports: Ports): Promise<Engines> {
  const database = async () => {
    if (given.databaseUrl) return given.databaseUrl
    const { url } = await startPostgres({ supervisor, tools, port: ports.PostgreSQL })
    say('PostgreSQL is ready')
    return url
  }
  const temporal = async () => {
    if (given.temporalAddress) return { address: given.temporalAddress, uiUrl: given.temporalUiUrl ?? null }
    const { address, uiUrl } = await startTemporalDev({
      supervisor,
      tools,
      ports: { grpc: ports.temporal, ui: ports['temporal UI'], metrics: ports['temporal metrics'] },
    })
    say('Temporal is ready')
    return { address, uiUrl }
  }
  const kafka = async () => {
    if (given.kafkaBrokers && given.kafkaBrokers.length > 0) return given.kafkaBrokers
    try {
      const { address } = await startKafka({ supervisor, tools, ports: { broker: ports.Kafka, controller: ports['Kafka controller'] } })
      say('Kafka is ready')
      return [address]
    } catch (error) {
      // The one engine that the rest does without: events wait in the outbox, and the demo says so.
      if (!(error instanceof MediaError) || error.code !== 'ENGINE_MISSING') throw error
      say(error.message)
      return []
    }
  }
  const [databaseUrl, engine, brokers] = await Promise.all([database(), temporal(), kafka()])
  return { databaseUrl, temporal: engine, brokers }
}
