import { mkdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createJsonLogger, type Logger } from '../api/logger.ts'
import { openLog } from '../infra/engines/logs.ts'

/** Our own log, beside the engines': the terminal belongs to what a person wants to read. */
export function fileLogger(home: string): Logger {
  mkdirSync(join(home, 'logs'), { recursive: true })
  const { descriptor } = openLog(join(home, 'logs', 'darkroom.log'))
  return createJsonLogger((line) => {
    try {
      writeSync(descriptor, `${line}\n`)
    } catch {
      // A full disk must not end the work through its log; the work itself notices.
    }
  })
}
