import { MediaError } from '../domain/errors.ts'

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

/** Names of facts that no line may have, whoever threw them. */
const SECRET = /secret|token|passw|authorization|signature|credential|cookie|api_?key/i

/** What a log line says of a thrown value: its message, its code and facts where it has them, its stack where it is a bug. */
export function factsOfError(error: unknown): LogFacts {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const cause = error.cause instanceof Error ? error.cause.message : undefined
  const about = error instanceof MediaError ? plainFacts(error.facts) : {}
  return { ...about, message: error.message, code, cause, stack: error.name === 'MediaError' ? undefined : error.stack }
}

/** The facts of an error without what is secret: by name, and of URLs what may hold a signature or a password. */
function plainFacts(facts: MediaError['facts']): LogFacts {
  const plain = Object.entries(facts).filter(([name]) => !SECRET.test(name))
  return Object.fromEntries(plain.map(([name, value]) => [name, typeof value === 'string' ? withoutSecrets(value) : value]))
}

function withoutSecrets(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi, '$1').replace(/(:\/\/[^\s?#]*)[?#]\S*/g, '$1')
}
