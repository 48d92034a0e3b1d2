import type { BlobLimits } from './blob-limits.ts'
import { type Clock, Refresher } from './refresher.ts'
import type { VolumeBackend, VolumeView } from './volume-log.ts'

/** A volume's view with what keeps it fresh. */
export interface OpenView {
  readonly view: VolumeView
  /** Needles appended by others; who asks gets a look that starts after the asking. */
  refresh(): Promise<void>
  /** Tombstones by others, no older than the limit; null where those that are known are not. */
  freshErased(): Promise<void> | null
}

/** An open view, and whether it may go when memory runs short. */
interface Kept extends OpenView {
  users: number
  /** This process appends to it. */
  isHeld: boolean
  isClosed: boolean
}

/**
 * The views of all volumes that were asked for. Each is opened once however many ask; a volume that is
 * not there is remembered for a while, so that guessed volume numbers cost no request each.
 */
export class Volumes {
  readonly #backend: VolumeBackend
  readonly #limits: BlobLimits
  readonly #clock: Clock
  readonly #open = new Map<number, Promise<Kept | null>>()
  /** Those of `#open` that are there, the one used longest ago first. */
  readonly #kept = new Map<number, Kept>()
  /** Volume to when it may be looked for again, oldest first. */
  readonly #absent = new Map<number, number>()
  /** Views were opened, or may have grown, since the indexes were last added up: not done for each read. */
  #mayBeCrowded = false
  #checking: Promise<void> | null = null
  #checkedMs: number
  #isClosed = false

  constructor(backend: VolumeBackend, limits: BlobLimits, clock: Clock) {
    this.#backend = backend
    this.#limits = limits
    this.#clock = clock
    this.#checkedMs = clock.nowMs()
  }

  /**
   * Gives a volume's view to `work`; null when there is no such volume. Views that nobody uses are closed, the one used
   * longest ago first, while the indexes take more than `indexBytesMax`; who asks for one again has it opened anew.
   */
  async use<T>(volume: number, work: (opened: OpenView | null) => Promise<T>): Promise<T> {
    let opened = await this.#get(volume)
    while (opened?.isClosed) opened = await this.#get(volume)
    if (opened === null) return work(null)
    opened.users += 1
    this.#kept.delete(volume)
    this.#kept.set(volume, opened)
    try {
      return await work(opened)
    } finally {
      opened.users -= 1
      if (opened.isClosed && opened.users === 0) await opened.view.close()
      if (this.#mayBeCrowded) await this.#evict()
      this.#checkNowAndThen()
    }
  }

  /** Lets go of the view of a volume; it is closed when nobody uses it. Not of one that this process appends to. */
  async reopen(volume: number): Promise<void> {
    const kept = this.#kept.get(volume)
    if (kept === undefined || kept.isHeld) return
    kept.isClosed = true
    this.#kept.delete(volume)
    this.#open.delete(volume)
    if (kept.users === 0) await kept.view.close()
  }

  /** Views of volumes that were compacted or repaired meanwhile are let go: the old file keeps its space while it is open. */
  #checkNowAndThen(): void {
    if (this.#checking !== null || this.#clock.nowMs() - this.#checkedMs < this.#limits.volumeCheckMs) return
    this.#checkedMs = this.#clock.nowMs()
    this.#mayBeCrowded = true
    this.#checking = this.#check()
      .catch(() => {
        // Whoever reads the volume is told of what is wrong with it.
      })
      .finally(() => {
        this.#checking = null
      })
  }

  async #check(): Promise<void> {
    // Those of now: what is read meanwhile moves to the end, and would be met for ever.
    const now = new Map(this.#kept)
    for (const [volume, kept] of now) {
      if (kept.isHeld || kept.isClosed) continue
      kept.users += 1
      const isStale = await kept.view.isStale().finally(() => {
        kept.users -= 1
      })
      if (isStale && this.#kept.get(volume) === kept) await this.reopen(volume)
      else if (kept.isClosed && kept.users === 0) await kept.view.close()
    }
  }

  /** The writer has let go of a volume: its view may go like any other. */
  release(volume: number): void {
    const kept = this.#kept.get(volume)
    if (kept !== undefined) kept.isHeld = false
  }

  async #evict(): Promise<void> {
    let bytes = 0
    for (const { view } of this.#kept.values()) bytes += view.index.bytes
    this.#mayBeCrowded = bytes > this.#limits.indexBytesMax
    if (!this.#mayBeCrowded) return
    const closing: Promise<void>[] = []
    for (const [volume, kept] of this.#kept) {
      if (bytes <= this.#limits.indexBytesMax) break
      if (kept.users > 0 || kept.isHeld) continue
      bytes -= kept.view.index.bytes
      kept.isClosed = true
      this.#kept.delete(volume)
      this.#open.delete(volume)
      closing.push(kept.view.close())
    }
    await Promise.all(closing)
  }

  /** Looked for after the asking, at most once in `volumeRefreshMsMin`. */
  async #get(volume: number): Promise<Kept | null> {
    const joined = this.#open.get(volume)
    const found = joined === undefined ? null : await joined
    // A search already on its way may have looked before the volume was made.
    return found ?? this.#open.get(volume) ?? this.#search(volume)
  }

  #search(volume: number): Promise<Kept | null> {
    const searching: Promise<Kept | null> = this.#find(volume, () => this.#open.get(volume) === searching)
    this.#open.set(volume, searching)
    searching.then(
      (opened) => opened === null && this.#forget(volume, searching),
      () => this.#forget(volume, searching),
    )
    return searching
  }

  /** @param counts asked when the search is over: whether what it found is still what others are given */
  async #find(volume: number, counts: () => boolean): Promise<Kept | null> {
    const waitMs = (this.#absent.get(volume) ?? Number.NEGATIVE_INFINITY) - this.#clock.nowMs()
    if (waitMs > 0) await this.#clock.wait(waitMs)
    const askedAtMs = this.#clock.nowMs()
    const view = await this.#backend.open(volume)
    if (!counts()) {
      // The writer made the volume meanwhile, or all views were closed: nobody else would ever close this one.
      await view?.close()
      if (this.#isClosed) throw new Error('the blob store is closed')
      return this.#get(volume)
    }
    if (view !== null) {
      this.#absent.delete(volume)
      return this.#wrap(view, false, askedAtMs)
    }
    this.#remember(volume)
    return null
  }

  #forget(volume: number, searching: Promise<Kept | null>): void {
    if (this.#open.get(volume) === searching) this.#open.delete(volume)
  }

  /**
   * Takes in a view that this process's writer made, at once; it stays until {@link Volumes.release}. A view that a reader opened
   * as soon as the volume was there makes room for it.
   * @param askedAtMs no later than its making, or opening, began
   */
  async adopt(view: VolumeView, askedAtMs: number): Promise<void> {
    const { volume } = view.superblock
    const lettingGo = this.reopen(volume)
    this.#absent.delete(volume)
    this.#open.set(volume, Promise.resolve(this.#wrap(view, true, askedAtMs)))
    await lettingGo
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#checking
    const opened = await Promise.allSettled(this.#open.values())
    this.#open.clear()
    this.#kept.clear()
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

  /** @param askedAtMs a view may have looked for tombstones when its opening began, and not since: packs take minutes */
  #wrap(view: VolumeView, isHeld: boolean, askedAtMs: number): Kept {
    const needles = new Refresher(() => view.refresh(), this.#limits.volumeRefreshMsMin, this.#clock)
    const erased = new Refresher(() => view.refreshErased(), 0, this.#clock)
    erased.freshAtMs = askedAtMs
    const kept: Kept = {
      users: 0,
      isHeld,
      isClosed: false,
      view,
      refresh: () => needles.request(),
      freshErased: () => (this.#clock.nowMs() - erased.freshAtMs >= this.#limits.tombstoneAgeMsMax ? erased.request() : null),
    }
    this.#kept.set(view.superblock.volume, kept)
    this.#mayBeCrowded = true
    return kept
  }
}
