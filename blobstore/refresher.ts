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

/** More than the wall clock's steps and roundings: the machine slept. */
const SLEEP_MS_MIN = 1_000

/**
 * A clock that goes on while the machine sleeps. The monotonic one of Linux stands still then, and a lease must not
 * outlive its end by a night. The wall clock set back is not followed; set forward it counts as sleep, which ends leases early.
 */
export function sleepAware(monotonicMs: () => number, wallMs: () => number): () => number {
  let now = monotonicMs()
  let [monotonic, wall] = [now, wallMs()]
  return () => {
    const [ran, passed] = [monotonicMs() - monotonic, wallMs() - wall]
    monotonic += ran
    wall += passed
    now += passed - ran > SLEEP_MS_MIN ? passed : ran
    return now
  }
}

export const systemClock: Clock = {
  nowMs: sleepAware(
    () => performance.now(),
    () => Date.now(),
  ),
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  every(ms, work) {
    const timer = setInterval(work, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
