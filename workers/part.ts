/** Something started that has to be stopped again. */
export interface Part {
  readonly name: string
  /** Neighbours of one group do not need one another: they are stopped at once. */
  readonly group?: string
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
    for (let group = this.#lastGroup(); group.length > 0; group = this.#lastGroup()) {
      const stopped = await Promise.allSettled(group.map(async (part) => await part.stop()))
      for (const [at, outcome] of stopped.entries())
        if (outcome.status === 'rejected') errors.push(new Error(`${group[at]?.name} did not stop cleanly`, { cause: outcome.reason }))
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything stopped cleanly')
  }

  #lastGroup(): Part[] {
    const last = this.#parts.pop()
    if (last === undefined) return []
    const group = [last]
    while (last.group !== undefined && this.#parts.at(-1)?.group === last.group) group.push(...this.#parts.splice(-1))
    return group
  }
}
