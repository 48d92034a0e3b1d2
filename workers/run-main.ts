import { constants } from 'node:os'
import { factsOfError } from '../api/logger.ts'
import { MediaError } from '../domain/errors.ts'
import { ApiRefusal } from './api-client.ts'
import { passOverKafkaTimers } from './kafka-timers.ts'
import { Parts } from './part.ts'
import { SettingError } from './settings.ts'

/** How long everything may take to stop before the process goes anyway. */
const STOP_MS_MAX = 30_000
/** A terminal's Ctrl-C may come twice, from the terminal and from the program above us: only a later one is a second one. */
const SECOND_SIGNAL_MS_MIN = 1_000

/** Ends the run of a main: an exit status, or the error that it ends with. */
export type End = (end: number | { readonly error: unknown }) => void

/**
 * Runs a composition root: starts it, waits for SIGINT, SIGTERM or `end`, stops every part in reverse
 * order and exits, after {@link STOP_MS_MAX} or at a second signal in any case; what engines are left are killed as the
 * process exits. What goes wrong is one sentence on standard error; a bug also shows its stack.
 */
export async function runMain(start: (parts: Parts, end: End) => Promise<void>): Promise<never> {
  passOverKafkaTimers(process)
  const parts = new Parts()
  let end: End = () => {}
  const ended = new Promise<number | { readonly error: unknown }>((resolve) => {
    end = resolve
  })
  let firstMs: number | null = null
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (firstMs !== null && performance.now() - firstMs >= SECOND_SIGNAL_MS_MIN) process.exit(128 + constants.signals[signal])
      if (firstMs === null && process.stderr.isTTY) process.stderr.write('stopping (Ctrl-C again: at once)\n')
      firstMs ??= performance.now()
      end(0)
    })
  }
  // A start that is interrupted is left where it stands: stopping the parts makes it fail, which nobody waits for.
  start(parts, end).catch((error: unknown) => end({ error }))
  const outcome = await ended
  const status = typeof outcome === 'number' ? outcome : 1
  if (typeof outcome !== 'number') process.stderr.write(`${sentenceOf(outcome.error)}\n`)
  const deadline = setTimeout(() => process.exit(status || 1), STOP_MS_MAX)
  try {
    await parts.stop()
  } catch (error) {
    process.stderr.write(`${JSON.stringify(factsOfError(error))}\n`)
  }
  clearTimeout(deadline)
  process.exit(status)
}

/** What a person is told: the message alone where it was written for them, the stack where it is a bug. */
export function sentenceOf(error: unknown): string {
  if (error instanceof MediaError || error instanceof SettingError || error instanceof ApiRefusal) return error.message
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error) {
    return `Port ${String(error.port)} is in use by another program: end that program or choose other ports.`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
