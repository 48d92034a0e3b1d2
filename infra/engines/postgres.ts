import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MediaError } from '../../domain/errors.ts'
import { engineFolder } from './folders.ts'
import { engineLimits } from './limits.ts'
import { checkPort } from './ports.ts'
import { openCluster } from './postgres-cluster.ts'
import { processesIn } from './processes.ts'
import { endProcess } from './records.ts'
import type { Engine, Supervisor } from './supervisor.ts'
import { need, type Tools } from './tools.ts'
import { chooseUnprivileged, withoutRoot } from './unprivileged.ts'

const title = 'PostgreSQL'
const host = '127.0.0.1'
/** Fast shutdown: connections are ended, transactions rolled back, everything is on disk (pg_ctl's default mode). */
const stopSignal = 'SIGINT'

export interface PostgresServer {
  /** Connection URL of the catalog's database, as its owner. */
  readonly url: string
  /** The same as superuser, of the database `postgres`. */
  readonly adminUrl: string
  /** How the full Temporal server connects: a role that may make databases. */
  readonly temporal: { readonly host: string; readonly port: number; readonly user: string; readonly password: string }
  readonly port: number
  readonly engine: Engine
  stop(): Promise<void>
}

export interface PostgresOptions {
  readonly supervisor: Supervisor
  readonly tools: Tools
  /** On 127.0.0.1, the only address it listens on. */
  readonly port: number
  /** False: no user namespace even where one could be had (see unprivileged.ts). */
  readonly namespaces?: boolean
}

/**
 * The lock file of a server that was killed. What of that server still runs (it and its backends all work in the data
 * folder) is ended, but not the shell of somebody who looks around there; then nobody holds the data, and the file goes. PostgreSQL itself would take for its rival whatever has
 * that pid now: some other program, or the killed server for as long as its parent has not collected it.
 */
async function clearLockFile(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  if (process.platform !== 'linux' || !existsSync(file)) return
  for (const id of processesIn(data, 'postgres')) await endProcess(id, stopSignal, engineLimits.stopMsMax)
  rmSync(file, { force: true })
}

/** Line 1 of the lock file is the server's pid, line 8 its state: what pg_ctl waits for, too. */
function isReady(data: string, pid: number): boolean {
  const file = join(data, 'postmaster.pid')
  if (!existsSync(file)) return false
  const lines = readFileSync(file, 'utf8').split('\n')
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready'
}

/** A data folder belongs to one major version. */
async function checkVersion(supervisor: Supervisor, bin: string, data: string): Promise<void> {
  const made = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim()
  const { stdout } = await supervisor.run({ name: 'postgres-version', title, command: join(bin, 'postgres'), args: ['--version'] })
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1]
  if (made === major) return
  throw new MediaError(
    'ENGINE_FAILED',
    `${data} was made by PostgreSQL ${made}, and ${bin} is PostgreSQL ${major}: install ${made}, move the data with pg_upgrade, or choose another data folder.`,
  )
}

function settings(port: number): string[] {
  const values = {
    listen_addresses: host,
    port,
    // One way in, with a password; a socket's path may moreover be too long for the system.
    unix_socket_directories: '',
    max_connections: engineLimits.postgresConnectionsMax,
    shared_buffers: `${engineLimits.postgresSharedBuffersMb}MB`,
    password_encryption: 'scram-sha-256',
    // What is acknowledged is on disk; said here so that no file in the folder can say otherwise.
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    logging_collector: 'off',
    log_destination: 'stderr',
    log_checkpoints: 'off',
  }
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/**
 * Starts PostgreSQL on HOME/postgres, making the cluster at the first start; recovers what a kill left.
 * ENGINE_MISSING, ENGINE_FAILED, PORT_IN_USE, STORAGE_FULL.
 */
export async function startPostgres({ supervisor, tools, port, namespaces }: PostgresOptions): Promise<PostgresServer> {
  const bin = need(tools, 'postgresBin')
  await checkPort(port, title)
  const folder = engineFolder(supervisor.home, 'postgres')
  const command = join(bin, 'postgres')
  const way = chooseUnprivileged({
    title,
    folder,
    program: command,
    users: ['postgres', 'nobody'],
    ...(namespaces === undefined ? {} : { namespaces }),
  })
  const { data, passwords } = await openCluster(supervisor, bin, folder, way)
  await checkVersion(supervisor, bin, data)
  await clearLockFile(data)
  const engine = await supervisor.start({
    ...withoutRoot({ name: 'postgres', title, command, args: ['-D', data, ...settings(port)], cwd: folder }, way),
    stopSignal,
    ready: async ({ pid }) => isReady(data, pid),
  })
  const urlOf = (role: 'darkroom' | 'postgres') => `postgres://${role}:${passwords[role]}@${host}:${port}/${role}`
  return {
    url: urlOf('darkroom'),
    adminUrl: urlOf('postgres'),
    temporal: { host, port, user: 'temporal', password: passwords.temporal },
    port,
    engine,
    stop: engine.stop,
  }
}
