import { NativeConnection } from '@temporalio/worker'
import { createJsonLogger, type Logger } from '../api/logger.ts'
import type { Config } from './config.ts'
import { readConfig } from './config.ts'
import { type Core, openCore } from './core.ts'
import type { Parts } from './part.ts'
import type { Environment } from './settings.ts'
import { installTemporalRuntime } from './temporal-log.ts'

/** A separate process logs to standard output, one JSON object a line, for whoever gathers logs. */
export function processLogger(): Logger {
  return createJsonLogger((line) => process.stdout.write(`${line}\n`))
}

/** What every separate process begins with: its settings, its log, catalog and objects. */
export async function openProcess(env: Environment, role: string, parts: Parts): Promise<Core> {
  const config: Config = readConfig(env, role)
  const logger = processLogger()
  const core = await openCore(config, logger, parts)
  logger.info('started', { role, pid: process.pid, writer: config.writer })
  return core
}

/** Connects a worker process to Temporal. */
export async function openWorkerConnection(core: Core, parts: Parts): Promise<NativeConnection> {
  installTemporalRuntime(core.logger)
  const connection = await NativeConnection.connect({ address: core.config.temporal.address })
  parts.add({ name: 'temporal connection', stop: async () => await connection.close() })
  return connection
}
