import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { searchAttributeNames } from '../../domain/workflow-inputs.ts'
import { engineFolder, writePrivate } from './folders.ts'
import { engineLimits } from './limits.ts'
import { checkPort } from './ports.ts'
import type { PostgresServer } from './postgres.ts'
import { connects } from './probes.ts'
import type { Supervisor } from './supervisor.ts'
import { render } from './templates.ts'
import { hasNamespace, type TemporalServer } from './temporal-dev.ts'
import { setUpTemporalSchema, temporalDatabases } from './temporal-schema.ts'
import { need, type Tools } from './tools.ts'

const title = 'Temporal'
const namespace = 'default'
const host = '127.0.0.1'

/** Every port of the full server: four services, each with one for calls and one for membership. */
export const temporalServerPorts = [
  'grpc',
  'http',
  'history',
  'matching',
  'worker',
  'frontendMembership',
  'historyMembership',
  'matchingMembership',
  'workerMembership',
  'metrics',
  'ui',
] as const

export interface TemporalServerOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  readonly database: PostgresServer['temporal']
  readonly ports: Readonly<Record<(typeof temporalServerPorts)[number], number>>
}

function template(name: string): string {
  return readFileSync(new URL(`../temporal/${name}`, import.meta.url), 'utf8')
}

/**
 * Starts the full Temporal server on PostgreSQL, with its UI, namespace `default` and our search attributes.
 * ENGINE_MISSING, ENGINE_FAILED, PORT_IN_USE, STORAGE_FULL.
 */
export async function startTemporalServer({ supervisor, tools, database, ports }: TemporalServerOptions): Promise<TemporalServer> {
  const server = need(tools, 'temporalServer')
  const ui = need(tools, 'temporalUi')
  for (const name of temporalServerPorts) await checkPort(ports[name], `${title} ${name}`)
  const folder = engineFolder(supervisor.home, 'temporal-server')
  await setUpTemporalSchema(supervisor, tools, database)
  const dynamic = join(folder, 'dynamic.yaml')
  writePrivate(dynamic, template('dynamic.yaml'))
  const config = join(folder, 'server.yaml')
  writePrivate(
    config,
    render(template('server.yaml'), {
      HISTORY_SHARDS: engineLimits.temporalHistoryShards,
      DATABASE: temporalDatabases.default,
      DATABASE_VISIBILITY: temporalDatabases.visibility,
      DATABASE_ADDRESS: `${database.host}:${database.port}`,
      DATABASE_USER: database.user,
      DATABASE_PASSWORD: database.password,
      CONNECTIONS_MAX: engineLimits.temporalConnectionsMax,
      METRICS_PORT: ports.metrics,
      GRPC_PORT: ports.grpc,
      HTTP_PORT: ports.http,
      HISTORY_PORT: ports.history,
      MATCHING_PORT: ports.matching,
      WORKER_PORT: ports.worker,
      FRONTEND_MEMBERSHIP_PORT: ports.frontendMembership,
      HISTORY_MEMBERSHIP_PORT: ports.historyMembership,
      MATCHING_MEMBERSHIP_PORT: ports.matchingMembership,
      WORKER_MEMBERSHIP_PORT: ports.workerMembership,
      DYNAMIC_CONFIG: dynamic,
    }),
  )
  const engine = await supervisor.start({
    name: 'temporal-server',
    title,
    command: server,
    // Loopback only, and no accounts: whoever can reach it is this machine.
    args: ['--config-file', config, '--allow-no-auth', 'start'],
    cwd: folder,
    env: { GOMEMLIMIT: `${engineLimits.temporalMemoryMb}MiB` },
    ready: async () => await isHealthy(supervisor, tools, ports.grpc),
  })
  await makeNamespace(supervisor, tools, ports.grpc)
  const uiFolder = engineFolder(folder, 'ui')
  writePrivate(join(uiFolder, 'ui.yaml'), render(template('ui.yaml'), { GRPC_PORT: ports.grpc, UI_PORT: ports.ui, NAMESPACE: namespace }))
  await supervisor.start({
    name: 'temporal-ui',
    title: `${title} UI`,
    command: ui,
    args: ['--root', uiFolder, '--config', '.', '--env', 'ui', 'start'],
    cwd: uiFolder,
    ready: async () => await hasNamespace(ports.ui),
  })
  return {
    address: `${host}:${ports.grpc}`,
    namespace,
    uiUrl: `http://${host}:${ports.ui}`,
    metricsUrl: `http://${host}:${ports.metrics}/metrics`,
    engine,
    stop: engine.stop,
  }
}

/** Its frontend listens long before its services have found one another: only a healthy answer counts. */
async function isHealthy(supervisor: Supervisor, tools: Tools, port: number): Promise<boolean> {
  if (!(await connects(port))) return false
  return (await operate(supervisor, tools, port, ['cluster', 'health'], true)).status === 0
}

/** Namespace and search attributes; what is there already stays. */
async function makeNamespace(supervisor: Supervisor, tools: Tools, port: number): Promise<void> {
  const described = await operate(supervisor, tools, port, ['namespace', 'describe', '-n', namespace], true)
  const retention = `${engineLimits.temporalRetentionHours}h`
  if (described.status !== 0) await operate(supervisor, tools, port, ['namespace', 'create', '-n', namespace, '--retention', retention])
  const attributes = searchAttributeNames.flatMap((name) => ['--name', name, '--type', 'Keyword'])
  // A namespace just made is not known to every part of the server at once.
  const giveUpAt = performance.now() + engineLimits.readyMsMax
  while (performance.now() < giveUpAt) {
    const made = await operate(supervisor, tools, port, ['search-attribute', 'create', '-n', namespace, ...attributes], true)
    if (made.status === 0) return
  }
  await operate(supervisor, tools, port, ['search-attribute', 'create', '-n', namespace, ...attributes])
}

function operate(supervisor: Supervisor, tools: Tools, port: number, args: readonly string[], mayFail = false) {
  return supervisor.run({
    name: 'temporal-operator',
    title: 'temporal operator',
    command: need(tools, 'temporal'),
    args: ['operator', ...args, '--address', `${host}:${port}`, '--disable-config-file', '--disable-config-env'],
    mayFail,
  })
}
