/** Something started that has to be stopped again. */
export interface Part {
  readonly name: string
  stop(): Promise<void>
}

/** Parts in the order in which they were started; stopped in reverse, each one whatever became of the others. */
export class Parts {
  readonly #parts: Part[] = []

  add<T extends Part>(part: T): T {
    this.#parts.push(part)
    return part
  }

  /** Stops everything; idempotent. Errors are gathered: one that will not stop must not keep the rest running. */
  async stop(): Promise<void> {
    const errors: unknown[] = []
    for (let part = this.#parts.pop(); part; part = this.#parts.pop()) {
      try {
        await part.stop()
      } catch (error) {
        errors.push(new Error(`${part.name} did not stop cleanly`, { cause: error }))
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything stopped cleanly')
  }
}
