import type { BlobLimits } from './blob-limits.ts'
import { type Clock, Refresher } from './refresher.ts'
import type { VolumeBackend, VolumeView } from './volume-log.ts'

/** A volume's view with what keeps it fresh. */
export interface OpenView {
  readonly view: VolumeView
  /** Needles appended by others; who asks gets a look that starts after the asking. */
  refresh(): Promise<void>
  /** Tombstones by others, no older than the limit. */
  freshErased(): Promise<void>
}

/**
 * The views of all volumes that were asked for. Each is opened once however many ask; a volume that is
 * not there is remembered for a while, so that guessed volume numbers cost no request each.
 */
export class Volumes {
  readonly #backend: VolumeBackend
  readonly #limits: BlobLimits
  readonly #clock: Clock
  readonly #open = new Map<number, Promise<OpenView | null>>()
  /** Volume to when it may be looked for again, oldest first. */
  readonly #absent = new Map<number, number>()

  constructor(backend: VolumeBackend, limits: BlobLimits, clock: Clock) {
    this.#backend = backend
    this.#limits = limits
    this.#clock = clock
  }

  /** Null when there is no such volume: looked for after the asking, at most once in `volumeRefreshMsMin`. */
  async get(volume: number): Promise<OpenView | null> {
    const joined = this.#open.get(volume)
    const found = joined === undefined ? null : await joined
    // A search already on its way may have looked before the volume was made.
    return found ?? this.#open.get(volume) ?? this.#search(volume)
  }

  #search(volume: number): Promise<OpenView | null> {
    const searching = this.#find(volume)
    this.#open.set(volume, searching)
    searching.then(
      (opened) => opened === null && this.#forget(volume, searching),
      () => this.#forget(volume, searching),
    )
    return searching
  }

  async #find(volume: number): Promise<OpenView | null> {
    const waitMs = (this.#absent.get(volume) ?? Number.NEGATIVE_INFINITY) - this.#clock.nowMs()
    if (waitMs > 0) await this.#clock.wait(waitMs)
    const view = await this.#backend.open(volume)
    if (view !== null) {
      this.#absent.delete(volume)
      return this.#wrap(view)
    }
    this.#remember(volume)
    return null
  }

  #forget(volume: number, searching: Promise<OpenView | null>): void {
    if (this.#open.get(volume) === searching) this.#open.delete(volume)
  }

  /** Takes in a view that this process's writer made. */
  adopt(view: VolumeView): void {
    this.#absent.delete(view.superblock.volume)
    this.#open.set(view.superblock.volume, Promise.resolve(this.#wrap(view)))
  }

  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#open.values())
    this.#open.clear()
    for (const one of opened) if (one.status === 'fulfilled') await one.value?.view.close()
  }

  #remember(volume: number): void {
    this.#absent.delete(volume)
    this.#absent.set(volume, this.#clock.nowMs() + this.#limits.volumeRefreshMsMin)
    for (const oldest of this.#absent.keys()) {
      if (this.#absent.size <= this.#limits.absentVolumesMax) break
      this.#absent.delete(oldest)
    }
  }

  #wrap(view: VolumeView): OpenView {
    const needles = new Refresher(() => view.refresh(), this.#limits.volumeRefreshMsMin, this.#clock)
    const erased = new Refresher(() => view.refreshErased(), 0, this.#clock)
    erased.freshAtMs = this.#clock.nowMs()
    return {
      view,
      refresh: () => needles.request(),
      freshErased: async () => {
        if (this.#clock.nowMs() - erased.freshAtMs >= this.#limits.tombstoneAgeMsMax) await erased.request()
      },
    }
  }
}
