/**
 * Shares one piece of work among all who ask for it, at most one run per `msMin`. Who asks gets a run
 * that starts after the asking: one already on its way may have looked too early.
 */
export class Refresher {
  readonly #work: () => Promise<void>
  readonly #msMin: number
  readonly #clock: Clock
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #startedMs = Number.NEGATIVE_INFINITY

  constructor(work: () => Promise<void>, msMin: number, clock: Clock) {
    this.#work = work
    this.#msMin = msMin
    this.#clock = clock
  }

  /** When the last run that succeeded started. */
  freshAtMs = Number.NEGATIVE_INFINITY

  request(): Promise<void> {
    this.#next ??= this.#start()
    return this.#next
  }

  async #start(): Promise<void> {
    await this.#running?.catch(() => undefined)
    const waitMs = this.#startedMs + this.#msMin - this.#clock.nowMs()
    if (waitMs > 0) await this.#clock.wait(waitMs)
    this.#startedMs = this.#clock.nowMs()
    const startedMs = this.#startedMs
    this.#running = this.#next
    this.#next = null
    await this.#work()
    this.freshAtMs = startedMs
  }
}

/** Monotonic. */
export interface Clock {
  nowMs(): number
  wait(ms: number): Promise<void>
  /** Does `work` again and again without keeping the process up, until what it returns is called. */
  every(ms: number, work: () => void): () => void
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  every(ms, work) {
    const timer = setInterval(work, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
