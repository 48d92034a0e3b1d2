import { join } from 'node:path'
import { MediaError } from '../../domain/errors.ts'
import { searchAttributeNames } from '../../domain/workflow-inputs.ts'
import { engineFolder } from './folders.ts'
import { engineLimits } from './limits.ts'
import { checkPort } from './ports.ts'
import { get } from './probes.ts'
import type { Engine, EngineSpec, Supervisor } from './supervisor.ts'
import { need, type Tools } from './tools.ts'

const title = 'Temporal'

/**
 * Tenants share fairly (infra/temporal/dynamic.yaml says the same to a whole server). Fairness is kept within a
 * partition of a task queue, and a worker with few slots asks one partition at a time: with the usual four, a short
 * video waited for 56 chunks of another tenant's, with one for 4.
 */
export const fairness = ['matching.enableFairness=true', 'matching.numTaskqueueWritePartitions=1'] as const
const namespace = 'default'

export interface TemporalServer {
  /** host:port of the gRPC frontend. */
  readonly address: string
  readonly namespace: string
  readonly uiUrl: string
  readonly metricsUrl: string
  readonly engine: Engine
  stop(): Promise<void>
}

export interface TemporalDevOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  readonly ports: { readonly grpc: number; readonly ui: number; readonly metrics: number }
}

/** Whether the namespace, asked for through the UI, is there with every search attribute: then UI and server both answer. */
export async function hasNamespace(uiPort: number): Promise<boolean> {
  const answer = await get(`http://127.0.0.1:${uiPort}/api/v1/namespaces/${namespace}`)
  return answer?.status === 200 && searchAttributeNames.every((name) => answer.body.includes(`"${name}"`))
}

/** Newer flags that an older CLI may not know, and can do without. */
const niceties = ['--disable-config-file', '--disable-config-env', '--ui-disable-news-fetch']

function specOf(command: string, folder: string, { grpc, ui, metrics }: TemporalDevOptions['ports'], extra: readonly string[]): EngineSpec {
  const args = [
    'server',
    'start-dev',
    '--ip',
    '127.0.0.1',
    '--port',
    grpc,
    '--ui-port',
    ui,
    '--metrics-port',
    metrics,
    '--log-level',
    'warn',
  ]
  args.push('--db-filename', join(folder, 'temporal.db'), '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=normal')
  for (const name of searchAttributeNames) args.push('--search-attribute', `${name}=Keyword`)
  for (const setting of [...fairness, 'frontend.enableServerVersionCheck=false']) args.push('--dynamic-config-value', setting)
  args.push(...extra)
  return {
    name: 'temporal',
    title,
    command,
    args: args.map(String),
    cwd: folder,
    env: { GOMEMLIMIT: `${engineLimits.temporalMemoryMb}MiB` },
    ready: () => hasNamespace(ui),
  }
}

function isUnknownFlag(error: unknown): boolean {
  return error instanceof MediaError && error.code === 'ENGINE_FAILED' && /unknown flag/i.test(error.message)
}

/**
 * Starts Temporal's development server, with its UI, on HOME/temporal (SQLite with a write-ahead log: killed at any
 * moment, it has all it acknowledged). ENGINE_MISSING, ENGINE_FAILED, PORT_IN_USE, STORAGE_FULL.
 */
export async function startTemporalDev({ supervisor, tools, ports }: TemporalDevOptions): Promise<TemporalServer> {
  const command = need(tools, 'temporal')
  await checkPort(ports.grpc, title)
  await checkPort(ports.ui, `${title} UI`)
  await checkPort(ports.metrics, `${title} metrics`)
  const folder = engineFolder(supervisor.home, 'temporal')
  const engine = await supervisor.start(specOf(command, folder, ports, niceties)).catch((error: unknown) => {
    if (!isUnknownFlag(error)) throw error
    return supervisor.start(specOf(command, folder, ports, []))
  })
  return {
    address: `127.0.0.1:${ports.grpc}`,
    namespace,
    uiUrl: `http://127.0.0.1:${ports.ui}`,
    metricsUrl: `http://127.0.0.1:${ports.metrics}/metrics`,
    engine,
    stop: engine.stop,
  }
}
