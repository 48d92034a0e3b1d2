/** One measured claim; `holds` is the verdict on `goal`. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly goal: string
  /** What it was measured against, in the same run. */
  readonly peer: string
  readonly holds: boolean
}

export interface BenchContext {
  /** Paths of the tools that set-up has found. */
  readonly tools: Readonly<Record<string, string | undefined>>
  /** An empty folder, removed afterwards. */
  readonly scratch: string
  /** What followed the name on the command line. */
  readonly args: readonly string[]
  /** Progress for people; goes to standard error. */
  say(line: string): void
}

export interface Bench {
  readonly name: string
  readonly claim: string
  readonly goal: string
  run(context: BenchContext): Promise<Figure>
}
