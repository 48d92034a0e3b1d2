import { randomBytes } from 'node:crypto'
import type { Locator } from '../domain/media.ts'
import type { NeedleInput } from '../domain/ports.ts'
import { PAGE_BYTES, wholePages } from './aligned-memory.ts'
import { CommitMemory, type Region } from './commit-memory.ts'
import type { BlobLimits } from './blob-limits.ts'
import type { HeldLease } from './held-lease.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { COOKIE_BYTES, encodeRecord, seedOf } from './needle.ts'
import { fingerprintOf } from './needle-index.ts'
import type { LogEntry, OwnVolume } from './volume-log.ts'

const COOKIES_AT_ONCE = 512

/** Thrown to appends that were never written because the volume failed before: they can go elsewhere. */
export class NotWritten extends Error {}

export interface Appended {
  /** Resolves when the batch is durable. {@link NotWritten}; or what the log's commit threw. */
  readonly durable: Promise<void>
  /** Of each needle, once it is. */
  readonly locators: Locator[]
}

/** For room in a commit. */
interface Waiting {
  readonly batch: readonly NeedleInput[]
  readonly bytes: number
  readonly locators: Locator[]
  /** Given the commit that it is part of. */
  readonly resolve: (durable: Promise<void>) => void
  readonly reject: (error: unknown) => void
}

type CommitLimits = Pick<BlobLimits, 'commitBytesMax' | 'commitMemoryBytes' | 'volumeBytesMax'>

interface Staging {
  readonly base: number
  /** Null where it has memory of its own, since it is longer than others. */
  readonly region: Region | null
  /** In its memory, as far into a page as `base` is. */
  readonly buffer: Uint8Array
  used: number
  batches: number
  readonly entries: LogEntry[]
  /** That it is durable: one for all that are part of it. */
  readonly durable: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit. While commits are on their way to the disk, appends are encoded into the next one; it leaves when it is full, or
 * nothing is on its way. They become durable in order, so that its records can say that all before them is.
 */
export class OpenVolume {
  readonly volume: number
  readonly own: OwnVolume
  readonly held: HeldLease
  readonly #seed: number
  readonly #limits: CommitLimits
  /** Fingerprints of keys whose placement has been logged: of keys themselves a volume has too many. */
  readonly #placed = new Set<number>()
  readonly #waiting: Waiting[] = []
  /** Of this volume's commits, from the first of them on. */
  #memory: CommitMemory | null = null
  #staging: Staging | null = null
  readonly #onTheirWay = new Set<Promise<void>>()
  /** The next commit leaves at the end of this turn of the event loop. */
  #leaving = false
  #cookies = Buffer.alloc(0)
  #cookieAt = 0
  #nextBase: number
  #nextBatch: number
  #reserved: number
  #failure: { readonly error: unknown } | null = null
  #gate: Promise<void> | null = null

  constructor(own: OwnVolume, held: HeldLease, limits: CommitLimits) {
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

  /** The placements of a batch's keys have been logged. */
  notePlaced(batch: readonly NeedleInput[]): void {
    for (const { key } of batch) this.#placed.add(markOf(key))
  }

  /** Whether the placement of a key of the batch has been logged; where it has not, of as many keys in 2^32 as there are in the volume. */
  mayHavePlaced(batch: readonly NeedleInput[]): boolean {
    for (const { key } of batch) if (this.#placed.has(markOf(key))) return true
    return false
  }

  /** @param bytes that its records take */
  append(batch: readonly NeedleInput[], bytes: number): Appended {
    if (this.#failure !== null) return { durable: Promise.reject(new NotWritten()), locators: [] }
    this.#reserved += bytes
    const locators: Locator[] = []
    const durable =
      this.#waiting.length === 0 && this.#hasRoom(bytes)
        ? this.#stage(batch, bytes, locators)
        : new Promise<void>((resolve, reject) => {
            this.#waiting.push({ batch, bytes, locators, resolve, reject })
          })
    this.#pump()
    return { durable, locators }
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
    return this.#waiting.length > 0 || buffer.byteLength - used < used / batches
  }

  #hasRoom(bytes: number): boolean {
    return this.#staging === null || this.#staging.used + bytes <= this.#staging.buffer.byteLength
  }

  /** Encodes what waits, as far as there is room. */
  #fill(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      next.resolve(this.#stage(next.batch, next.bytes, next.locators))
    }
  }

  #commit(staging: Staging): void {
    this.#staging = null
    if (staging.region !== null) this.#memory?.trim(staging.region, (staging.base % PAGE_BYTES) + staging.used)
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

  /** Encodes a batch into the next commit. */
  #stage(batch: readonly NeedleInput[], bytes: number, locators: Locator[]): Promise<void> {
    this.#staging ??= this.#newStaging(bytes)
    const staging = this.#staging
    const { base, buffer, entries } = staging
    for (let index = 0; index < batch.length; index += 1) {
      const { key, alt, data } = batch[index] as NeedleInput
      const cookie = this.#nextCookie()
      const header = {
        type: 'needle',
        lastOfBatch: index === batch.length - 1,
        epoch: this.own.log.epoch,
        alt,
        key,
        cookie,
        batch: this.#nextBatch,
        durableThrough: base,
      } as const
      const taken = encodeRecord(buffer, staging.used, this.#seed, header, data)
      entries.push({ key, alt, offset: base + staging.used, bytes: taken })
      staging.used += taken
      locators.push({ volume: this.volume, alt, cookie: cookie.toString('hex') })
    }
    this.#nextBatch += 1
    staging.batches += 1
    return staging.durable
  }

  async #flush(staging: Staging, lastBatch: number): Promise<void> {
    try {
      if (this.#gate !== null || !this.held.isValid) {
        const gate = this.#leaseAfter(this.#gate)
        this.#gate = gate
        await gate
        // In the same breath as what follows: who looks at the gate later must come later.
        if (this.#gate === gate) this.#gate = null
      }
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
    if (staging.region !== null) this.#memory?.release(staging.region)
    staging.resolve()
  }

  /** Commits that wait for the lease go on in their order. Without it nothing was written: what waits can go elsewhere. */
  async #leaseAfter(before: Promise<void> | null): Promise<void> {
    try {
      await before
      await this.held.ensure()
    } catch (error) {
      this.#failure ??= { error }
      throw error
    }
  }

  #fail(error: unknown, staging: Staging): void {
    // Of what is behind a commit that failed, nobody is ever told that it was written: it can go elsewhere.
    staging.reject(this.#failure === null ? error : new NotWritten())
    this.#failure ??= { error }
    const untouched = [...(this.#staging === null ? [] : [this.#staging]), ...this.#waiting.splice(0)]
    this.#staging = null
    for (const { reject } of untouched) reject(new NotWritten())
  }

  /** Random bytes are made many at a time: asking for them costs more than they do. */
  #nextCookie(): Buffer {
    if (this.#cookieAt === this.#cookies.byteLength) {
      this.#cookies = randomBytes(COOKIE_BYTES * COOKIES_AT_ONCE)
      this.#cookieAt = 0
    }
    this.#cookieAt += COOKIE_BYTES
    return this.#cookies.subarray(this.#cookieAt - COOKIE_BYTES, this.#cookieAt)
  }

  #newStaging(bytes: number): Staging {
    const { commitBytesMax } = this.#limits
    const room = Math.max(bytes, commitBytesMax)
    const region = room === commitBytesMax ? this.#commitMemory().take(regionBytes(room)) : null
    const memory = region?.bytes ?? this.#newMemory(regionBytes(room), 'once')
    const start = this.#nextBase % PAGE_BYTES
    const buffer = memory.subarray(start, start + room)
    const { promise: durable, resolve, reject } = Promise.withResolvers<void>()
    return { base: this.#nextBase, region, buffer, used: 0, batches: 0, entries: [], durable, resolve, reject }
  }

  #commitMemory(): CommitMemory {
    if (this.#memory !== null) return this.#memory
    const { memoryOf, commitsMax } = this.own.log
    // What is on its way, what is put together, and as much again that may be left over at the end.
    const needed = (commitsMax + 2) * regionBytes(this.#limits.commitBytesMax)
    this.#memory = new CommitMemory(this.#newMemory(memoryOf ? Math.max(needed, this.#limits.commitMemoryBytes) : needed, 'again'))
    return this.#memory
  }

  /** Shared with who writes it. */
  #newMemory(bytes: number, use: 'once' | 'again'): Uint8Array {
    return this.own.log.memoryOf?.(bytes, use) ?? new Uint8Array(new SharedArrayBuffer(bytes))
  }
}

/** Of 32 bits with a sign, which V8 keeps in the set itself. */
function markOf(key: bigint): number {
  return fingerprintOf(key, 0) | 0
}

/** Of memory in which so many bytes have room wherever in a page they begin; whole pages. */
function regionBytes(bytes: number): number {
  return wholePages(bytes) + PAGE_BYTES
}
