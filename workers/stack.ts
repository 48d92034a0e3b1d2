import { join } from 'node:path'
import { DEV_TENANT } from './api-part.ts'
import { MediaError } from '../domain/errors.ts'
import { startKafka } from '../infra/engines/kafka.ts'
import { startMinio } from '../infra/engines/minio.ts'
import { pickPorts } from '../infra/engines/ports.ts'
import { startPostgres } from '../infra/engines/postgres.ts'
import { type Engine, openSupervisor, type Supervisor } from '../infra/engines/supervisor.ts'
import { startTemporalServer, temporalServerPorts } from '../infra/engines/temporal-server.ts'
import { need, type Tools } from '../infra/engines/tools.ts'
import { startVarnish } from '../infra/engines/varnish.ts'
import { createCatalog } from '../catalog/catalog.ts'
import { provisionBucket } from '../objects/provision.ts'
import { imageWorkerAllocator } from './allocator.ts'
import { keptContentSecret, keptDevKey, keptOperatorKey, keptVariantSecret } from './dev-key.ts'
import type { Instance } from './instance.ts'
import type { Parts } from './part.ts'

const root = join(import.meta.dirname, '..')
const BUCKET = 'darkroom'
/** One that ends is started again after this, twice as long each time it ends young. */
const RESTART_MS_MIN = 200
const RESTART_MS_MAX = 10_000
const YOUNG_MS = 30_000

const portNames = ['api', 'origin', 'edge', 'PostgreSQL', 'MinIO', 'Kafka', 'Kafka controller', ...temporalServerPorts] as const

/** Our own processes: in this order, since the first version of a worker deployment must know every queue. */
const roles = ['image', 'video', 'control', 'origin', 'api'] as const
export type Role = (typeof roles)[number]

export interface StackOptions {
  readonly home: string
  readonly tools: Tools
  readonly basePort: number
  readonly eventsTopic: string
  /** Where Node keeps our code compiled: a process then takes 25 MB less. */
  readonly compiled: string | undefined
  readonly say: (line: string) => void
  /** An engine ended by itself. */
  readonly onLost: (error: unknown) => void
}

/** Starts every engine and every process of ours on loopback. Our own processes are started again when they end. */
export async function startStack(options: StackOptions, parts: Parts): Promise<Instance> {
  const { home: folder, tools, say } = options
  const ownNames = new Set<string>(roles)
  const restarts = new Map<string, () => void>()
  const supervisor = await openSupervisor({
    home: folder,
    onLost: (error, name) => (ownNames.has(name) ? restarts.get(name)?.() : options.onLost(error)),
  })
  parts.add({ name: 'processes', stop: async () => await supervisor.stop() })
  const ports = await pickPorts(options.basePort, portNames)
  const at = (name: (typeof portNames)[number]) => `http://127.0.0.1:${ports[name]}`
  const ready = <T>(name: string, work: Promise<T>) =>
    work.then((value) => {
      say(`${name} is ready`)
      return value
    })

  const startDatabase = async () => {
    const postgres = await ready('PostgreSQL', startPostgres({ supervisor, tools, port: ports.PostgreSQL }))
    const temporal = await ready('Temporal', startTemporalServer({ supervisor, tools, database: postgres.temporal, ports }))
    return { postgres, temporal }
  }
  const [{ postgres, temporal }, minio, kafka] = await Promise.all([
    startDatabase(),
    ready('MinIO', startMinio({ supervisor, tools, port: ports.MinIO })),
    startKafkaWhereThereIsOne(options, supervisor, { broker: ports.Kafka, controller: ports['Kafka controller'] }),
  ])
  const s3 = {
    endpoint: minio.endpoint,
    region: minio.region,
    bucket: BUCKET,
    accessKeyId: minio.accessKey,
    secretAccessKey: minio.secretKey,
  }
  await provisionBucket(s3)
  // Migrated once, before five processes would all wait for it.
  await (await createCatalog({ databaseUrl: postgres.url, poolMax: 1, onError: () => {} })).close()

  const vcl = join(root, 'infra/varnish/darkroom.vcl')
  const edge = tools.varnishd
    ? await ready('Varnish', startVarnish({ supervisor, tools, port: ports.edge, vcl, origin: { host: '127.0.0.1', port: ports.origin } }))
    : null
  const publicUrl = edge?.url ?? at('origin')
  const devKey = await keptDevKey(supervisor.home)
  const env: Record<string, string> = {
    DATABASE_URL: postgres.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_UI_URL: temporal.uiUrl,
    KAFKA_BROKERS: kafka ?? '',
    EVENTS_TOPIC: options.eventsTopic,
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    PUBLIC_BASE_URL: publicUrl,
    ORIGIN_URLS: at('origin'),
    EDGE_URLS: edge?.url ?? '',
    API_PORT: String(ports.api),
    ORIGIN_PORT: String(ports.origin),
    DARKROOM_DEV_KEY: devKey,
    OPERATOR_KEYS: await keptOperatorKey(supervisor.home),
    VARIANT_SECRETS: await keptVariantSecret(supervisor.home),
    CONTENT_KEY_SECRET: await keptContentSecret(supervisor.home),
    FFMPEG: need(tools, 'ffmpeg'),
    FFPROBE: need(tools, 'ffprobe'),
    ...(options.compiled === undefined ? {} : { NODE_COMPILE_CACHE: options.compiled }),
  }
  for (const role of roles) {
    const startRole = () => startOwn(supervisor, role, env, { api: at('api'), origin: at('origin') })
    await ready(role, startRole())
    restarts.set(role, restarter(role, startRole, say))
  }
  return {
    api: at('api'),
    origin: at('origin'),
    ...(edge ? { edge: edge.url } : {}),
    console: `${at('api')}/#key=${devKey}`,
    temporalUi: temporal.uiUrl,
    apiKey: devKey,
    kafka: kafka ? [kafka] : [],
    topic: options.eventsTopic,
  }
}

async function startKafkaWhereThereIsOne(
  { tools, say }: StackOptions,
  supervisor: Supervisor,
  ports: { broker: number; controller: number },
): Promise<string | null> {
  try {
    const { address } = await startKafka({ supervisor, tools, ports })
    say('Kafka is ready')
    return address
  } catch (error) {
    if (!(error instanceof MediaError) || error.code !== 'ENGINE_MISSING') throw error
    say(error.message)
    return null
  }
}

/** Ready is what the process itself says: by HTTP where it has some, else in its log. */
function startOwn(
  supervisor: Supervisor,
  role: Role,
  env: Readonly<Record<string, string>>,
  urls: { readonly api: string; readonly origin: string },
): Promise<Engine> {
  const url = role === 'api' || role === 'origin' ? `${urls[role]}/readyz` : null
  return supervisor.start({
    name: role,
    title: `our ${role} process`,
    command: process.execPath,
    args: [join(root, `workers/${role}.main.ts`)],
    cwd: root,
    env: {
      ...env,
      ...(role === 'image' ? imageWorkerAllocator : {}),
      DARKROOM_HOME: join(supervisor.home, 'own', role),
      WRITER_NAME: `${role}@${DEV_TENANT}`,
    },
    ready: async ({ logTail }) => (url ? (await fetch(url).catch(() => null))?.ok === true : logTail().includes('"event":"working"')),
  })
}

/** Starts a process of ours again whenever it ended, later each time it did not live long. */
function restarter(role: Role, start: () => Promise<Engine>, say: (line: string) => void): () => void {
  let delayMs = RESTART_MS_MIN
  let bornMs = performance.now()
  const again = () => {
    delayMs = performance.now() - bornMs > YOUNG_MS ? RESTART_MS_MIN : Math.min(delayMs * 2, RESTART_MS_MAX)
    say(`our ${role} process ended; it is started again`)
    setTimeout(() => {
      bornMs = performance.now()
      start().catch(again)
    }, delayMs).unref()
  }
  return again
}
