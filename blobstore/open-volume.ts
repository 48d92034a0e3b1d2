import { randomFillSync } from 'node:crypto'
import type { Locator } from '../domain/media.ts'
import type { NeedleInput } from '../domain/ports.ts'
import { PAGE_BYTES } from './aligned-memory.ts'
import type { HeldLease } from './held-lease.ts'
import { recordBytes, SUPERBLOCK_BYTES } from './layout.ts'
import { encodeRecord, seedOf } from './needle.ts'
import type { LogEntry, OwnVolume } from './volume-log.ts'

const COOKIES_AT_ONCE = 512

/** Thrown to appends that were never written because the volume failed before: they can go elsewhere. */
export class NotWritten extends Error {}

interface Waiting {
  readonly batch: readonly NeedleInput[]
  readonly bytes: number
  readonly resolve: (locators: Locator[]) => void
  readonly reject: (error: unknown) => void
}

interface Staging {
  readonly base: number
  readonly memory: Uint8Array
  /** In the memory, as far into a page as `base` is. */
  readonly buffer: Uint8Array
  used: number
  readonly entries: LogEntry[]
  readonly batches: { readonly waiting: Waiting; readonly locators: Locator[] }[]
}

/**
 * Group commit. While one commit is on its way to the disk, appends are encoded into the next one; it
 * leaves when the first is durable, so its records can say that all before them is.
 */
export class OpenVolume {
  readonly volume: number
  readonly own: OwnVolume
  readonly held: HeldLease
  /** Keys whose placement has been logged. */
  readonly placed = new Set<bigint>()
  readonly #seed: number
  readonly #limits: { readonly commitBytesMax: number; readonly volumeBytesMax: number }
  readonly #waiting: Waiting[] = []
  readonly #spares: Uint8Array[] = []
  #staging: Staging | null = null
  readonly #onTheirWay = new Set<Promise<void>>()
  /** The next commit leaves at the end of this turn of the event loop. */
  #leaving = false
  #cookies = new Uint8Array(0)
  #nextBase: number
  #nextBatch: number
  #reserved: number
  #failure: { readonly error: unknown } | null = null
  #gate: Promise<void> | null = null

  constructor(own: OwnVolume, held: HeldLease, limits: { readonly commitBytesMax: number; readonly volumeBytesMax: number }) {
    this.own = own
    this.held = held
    this.volume = own.log.superblock.volume
    this.#seed = seedOf(own.log.superblock.uuid)
    this.#limits = limits
    this.#nextBase = own.log.end
    this.#nextBatch = own.log.lastBatch + 1
    this.#reserved = own.log.end
  }

  get failure(): { readonly error: unknown } | null {
    return this.#failure
  }

  /** Whether a batch of so many record bytes still goes in. An empty volume takes any batch. */
  accepts(bytes: number): boolean {
    return this.#failure === null && (this.#reserved + bytes <= this.#limits.volumeBytesMax || this.#reserved <= SUPERBLOCK_BYTES)
  }

  /** Resolves when the batch is durable. {@link NotWritten}; or what the log's commit threw. */
  append(batch: readonly NeedleInput[]): Promise<Locator[]> {
    if (this.#failure !== null) return Promise.reject(new NotWritten())
    const bytes = batch.reduce((sum, needle) => sum + recordBytes(needle.data.byteLength), 0)
    this.#reserved += bytes
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, bytes, resolve, reject })
      this.#pump()
    })
  }

  /** Resolves when nothing is waiting and nothing is on its way. */
  async idle(): Promise<void> {
    while (this.#leaving || this.#onTheirWay.size > 0) {
      await (this.#leaving ? new Promise((resolve) => setImmediate(resolve)) : Promise.all(this.#onTheirWay))
    }
  }

  #pump(): void {
    this.#fill()
    if (this.#staging === null || this.#leaving) return
    if (this.#onTheirWay.size > 0) {
      if (this.#onTheirWay.size < this.own.log.commitsMax && this.#isFull(this.#staging)) this.#commit(this.#staging)
      return
    }
    // Those whose appends were acknowledged just now get to append again before the next commit leaves.
    this.#leaving = true
    setImmediate(() => {
      this.#leaving = false
      if (this.#staging !== null) this.#commit(this.#staging)
    })
  }

  /** Whether waiting longer would gather little more. */
  #isFull({ buffer, used, batches }: Staging): boolean {
    return this.#waiting.length > 0 || buffer.byteLength - used < used / batches.length
  }

  /** Encodes what waits, as far as there is room. */
  #fill(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const room = this.#staging === null || this.#staging.used + next.bytes <= this.#staging.buffer.byteLength
      if (!room) break
      this.#waiting.shift()
      this.#stage(next)
    }
  }

  #commit(staging: Staging): void {
    this.#staging = null
    const trailer = this.own.log.trailerOf(staging.entries.length)
    const lastBatch = this.#nextBatch - 1
    this.#nextBase = staging.base + staging.used + trailer.bytes
    this.#nextBatch += trailer.batches
    const flushing = this.#flush(staging, lastBatch).finally(() => {
      this.#onTheirWay.delete(flushing)
      this.#pump()
    })
    this.#onTheirWay.add(flushing)
    this.#pump()
  }

  #stage(waiting: Waiting): void {
    this.#staging ??= this.#newStaging(waiting.bytes)
    const staging = this.#staging
    const locators = waiting.batch.map((needle, index) => {
      const cookie = this.#nextCookie()
      const bytes = encodeRecord(
        staging.buffer,
        staging.used,
        this.#seed,
        {
          type: 'needle',
          lastOfBatch: index === waiting.batch.length - 1,
          epoch: this.own.log.epoch,
          alt: needle.alt,
          key: needle.key,
          cookie,
          batch: this.#nextBatch,
          durableThrough: staging.base,
        },
        needle.data,
      )
      staging.entries.push({ key: needle.key, alt: needle.alt, offset: staging.base + staging.used, bytes })
      staging.used += bytes
      return { volume: this.volume, alt: needle.alt, cookie: Buffer.from(cookie).toString('hex') }
    })
    this.#nextBatch += 1
    staging.batches.push({ waiting, locators })
  }

  async #flush(staging: Staging, lastBatch: number): Promise<void> {
    try {
      if (this.#gate !== null || !this.held.isValid) await this.#waitForLease()
      await this.own.log.commit({
        base: staging.base,
        bytes: staging.buffer.subarray(0, staging.used),
        entries: staging.entries,
        lastBatch,
      })
      // Stored, but perhaps when another already held the volume and had looked what there is: then nobody is told.
      await this.held.ensure()
    } catch (error) {
      this.#fail(error, staging)
      return
    }
    for (const { key, alt, offset, bytes } of staging.entries) this.own.view.index.add(key, alt, offset, bytes)
    if (staging.buffer.byteLength === this.#limits.commitBytesMax) this.#spares.push(staging.memory)
    for (const { waiting, locators } of staging.batches) waiting.resolve(locators)
  }

  /** Commits that wait for the lease go on in their order. Without it nothing was written: what waits can go elsewhere. */
  async #waitForLease(): Promise<void> {
    this.#gate ??= this.held.ensure().finally(() => {
      this.#gate = null
    })
    try {
      await this.#gate
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }

  #fail(error: unknown, staging: Staging): void {
    // Behind a commit that failed, nothing was written: it can go elsewhere.
    for (const { waiting } of staging.batches) waiting.reject(this.#failure === null ? error : new NotWritten())
    this.#failure ??= { error }
    const untouched = [...(this.#staging?.batches.map(({ waiting }) => waiting) ?? []), ...this.#waiting.splice(0)]
    this.#staging = null
    for (const waiting of untouched) waiting.reject(new NotWritten())
  }

  /** Random bytes are made many at a time: asking for them costs more than they do. */
  #nextCookie(): Uint8Array {
    if (this.#cookies.byteLength === 0) this.#cookies = randomFillSync(new Uint8Array(8 * COOKIES_AT_ONCE))
    const cookie = this.#cookies.subarray(0, 8)
    this.#cookies = this.#cookies.subarray(8)
    return cookie
  }

  #newStaging(bytes: number): Staging {
    const { commitBytesMax } = this.#limits
    const room = Math.max(bytes, commitBytesMax)
    const memory = (room === commitBytesMax ? this.#spares.pop() : undefined) ?? this.#memoryOf(room + 2 * PAGE_BYTES)
    const start = this.#nextBase % PAGE_BYTES
    return { base: this.#nextBase, memory, buffer: memory.subarray(start, start + room), used: 0, entries: [], batches: [] }
  }

  /** Shared with who writes it. */
  #memoryOf(bytes: number): Uint8Array {
    return this.own.log.memoryOf?.(bytes) ?? new Uint8Array(new SharedArrayBuffer(bytes))
  }
}
