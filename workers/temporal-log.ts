import type { Logger } from '../api/logger.ts'
import { DefaultLogger, Runtime, type Logger as TemporalLogger } from '@temporalio/worker'

/** Temporal's warnings and errors as lines of our log; its information is of no use to an operator. */
export function temporalLogger(logger: Logger): TemporalLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    // Two of our three queues have none, and should not.
    if (message.startsWith('No workflows registered')) return
    const facts: Record<string, string | number> = {}
    for (const key of ['workflowId', 'activityType', 'taskQueue', 'attempt']) {
      const value: unknown = meta?.[key]
      if (typeof value === 'string' || typeof value === 'number') facts[key] = value
    }
    const error: unknown = meta?.['error']
    if (error instanceof Error) facts['error'] = error.message
    logger[level === 'ERROR' ? 'error' : 'warn'](`temporal: ${message}`, facts)
  })
}

/** Once per process, before the first connection. Signals are the mains' business. */
export function installTemporalRuntime(logger: Logger): void {
  Runtime.install({
    logger: temporalLogger(logger),
    shutdownSignals: [],
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
  })
}
