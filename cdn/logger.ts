/** Where this folder tells what an operator should know. Facts are short and never secrets. */
export interface Logger {
  info(event: string, facts?: LogFacts): void
  warn(event: string, facts?: LogFacts): void
  error(event: string, facts?: LogFacts): void
}

type LogFacts = Readonly<Record<string, string | number | boolean | null | undefined>>

export const silent: Logger = { info() {}, warn() {}, error() {} }
