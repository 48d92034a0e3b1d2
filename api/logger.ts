export type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Structured log lines. Facts are short and never secrets: no key, no Authorization header, no query. */
export interface Logger {
  info(event: string, facts?: LogFacts): void
  warn(event: string, facts?: LogFacts): void
  error(event: string, facts?: LogFacts): void
}

/** A logger of one JSON object per line, given to `write` without the newline. */
export function createJsonLogger(write: (line: string) => void, now: () => Date = () => new Date()): Logger {
  const at =
    (level: string) =>
    (event: string, facts: LogFacts = {}) =>
      write(JSON.stringify({ time: now().toISOString(), level, event, ...facts }))
  return { info: at('info'), warn: at('warn'), error: at('error') }
}

/** What a log line says of a thrown value: its message, its code where it has one, its stack where it is a bug. */
export function factsOfError(error: unknown): LogFacts {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const cause = error.cause instanceof Error ? error.cause.message : undefined
  return { message: error.message, code, cause, stack: error.name === 'MediaError' ? undefined : error.stack }
}
