import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import type { BlobRead, BlobReadOptions, BlobStore, NeedleInput, PlacementLog } from '../domain/ports.ts'
import type { VolumeDirectory, VolumeHost, VolumeLease } from '../domain/volume-ports.ts'
import type { BlobLimits } from './blob-limits.ts'
import { HeldLease } from './held-lease.ts'
import { recordBytes } from './layout.ts'
import { NotWritten, OpenVolume } from './open-volume.ts'
import { readNeedle } from './read-needle.ts'
import type { Clock } from './refresher.ts'
import type { Report, VolumeBackend } from './volume-log.ts'
import { erasedIn, graveOf } from './tombstone.ts'
import { Volumes } from './volumes.ts'

export interface PackedStoreOptions {
  readonly backend: VolumeBackend
  readonly directory: VolumeDirectory
  readonly placements: PlacementLog
  /** Name under which this process holds its volumes; the same after a restart. */
  readonly writer: string
  readonly limits: BlobLimits
  readonly clock: Clock
  readonly report: Report
}

/** Times that an append looks for a volume before it gives up; each turn of it needs another volume to have failed. */
const TURNS_MAX = 8
/** Volumes that may fail under one append: where a second one does, a third is not worth its space. */
const FAILURES_MAX = 2

/** The blob store over any backend. Recovers what the writer held open before it answers. */
export async function createPackedStore(options: PackedStoreOptions): Promise<BlobStore & VolumeHost> {
  const store = new PackedStore(options)
  try {
    await store.recover()
    return store
  } catch (error) {
    await store.close().catch(() => {
      // Why it could not begin counts.
    })
    throw error
  }
}

class PackedStore implements BlobStore, VolumeHost {
  readonly #options: PackedStoreOptions
  readonly #volumes: Volumes
  #current: OpenVolume | null = null
  #opening: Promise<OpenVolume> | null = null
  /** Allotted, but the backend has not created it yet, or could not: an outage must not use up a volume a second. */
  #allotted: HeldLease | null = null
  #rest: () => void = () => {}
  readonly #retiring = new Set<Promise<void>>()
  #closed = false

  constructor(options: PackedStoreOptions) {
    this.#options = options
    this.#volumes = new Volumes(options.backend, options.limits, options.clock)
  }

  async recover(): Promise<void> {
    const { directory, writer, limits, clock, report } = this.#options
    const askedAtMs = clock.nowMs()
    const leases = await directory.openOf(writer)
    this.#rest = clock.every(limits.volumeLeaseMs / 3, () => this.#keep())
    for (const lease of leases) {
      try {
        await this.#recoverOne(lease, askedAtMs)
      } catch (error) {
        if (!(error instanceof MediaError) || error.code === 'CATALOG_UNAVAILABLE') throw error
        // What is wrong with one volume, or with its disk, must not keep the others from being written. It stays listed as this
        // writer's, and is recovered at the next start, or by whoever finds it abandoned: nobody renews its lease.
        report({ kind: 'recovery failed', volume: lease.volume, error })
        this.#volumes.release(lease.volume)
      }
    }
  }

  /** Goes on with the volume, or seals it. */
  async #recoverOne(lease: VolumeLease, askedAtMs: number): Promise<void> {
    const { backend, directory, limits, clock, report } = this.#options
    const recovered = await backend.recover(lease.volume, lease.epoch)
    if (recovered === null) {
      report({ kind: 'volume missing', volume: lease.volume })
      await this.#sealed(lease, 0)
      return
    }
    await this.#volumes.adopt(recovered.view, askedAtMs)
    const { log, view } = recovered
    if (log === null) {
      await this.#sealed(lease, recovered.bytes)
      return
    }
    const held = new HeldLease(directory, clock, lease, askedAtMs)
    const open = new OpenVolume({ log, view }, held, limits)
    if (this.#current === null && log.end < limits.volumeBytesMax) this.#current = open
    else await this.#seal(open)
  }

  /** Keeps the lease of the open volume. One that is lost lets the volume go, also where nobody appends. */
  #keep(): void {
    const open = this.#current
    open?.held.keep()
    if (open?.held.isLost) this.#retire(open)
    // A disk may take longer to create a volume than its lease lasts.
    this.#allotted?.keep()
  }

  async append(batch: readonly NeedleInput[]): Promise<Locator[]> {
    if (this.#closed) throw new Error('the blob store is closed')
    if (batch.length === 0) return []
    const bytes = checkSizes(batch, this.#options.limits)
    let failed = 0
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      // Each await costs the event loop half a microsecond, and its collector 300 bytes.
      const open = this.#current ?? (await this.#open())
      if (open.accepts(bytes) && open.mayHavePlaced(batch)) await open.own.view.refreshErased()
      if (!open.accepts(bytes) || erasedHere(open, batch)) {
        this.#retire(open)
        continue
      }
      await this.#place(open, batch, bytes)
      open.notePlaced(batch)
      if (this.#current !== open || !open.accepts(bytes)) continue
      try {
        const { durable, locators } = open.append(batch, bytes)
        await durable
        return locators
      } catch (error) {
        if (open.failure === null) throw error
        this.#retire(open)
        if (error instanceof NotWritten) continue
        // What became of it there cannot be known, and nobody was told of it: it goes elsewhere, under other cookies.
        failed += 1
        if (!(error instanceof MediaError) || failed === FAILURES_MAX) throw error
      }
    }
    throw new MediaError('VOLUME_FENCED')
  }

  read(key: bigint, locator: Locator, options?: BlobReadOptions): Promise<BlobRead> {
    return readNeedle(this.#volumes, key, locator, options)
  }

  async delete(key: bigint, volume: number, version?: number): Promise<void> {
    const grave = graveOf(key, version)
    await this.#volumes.use(volume, async (opened) => {
      // Volumes are created before anything is placed in them: what is not there holds nothing of the key.
      if (opened !== null && !opened.view.erased.has(grave)) await opened.view.erase(grave)
    })
  }

  async seal(volume: number): Promise<boolean> {
    const open = this.#current
    if (open === null || open.volume !== volume) return false
    this.#retire(open)
    await Promise.all(this.#retiring)
    return true
  }

  reopen(volume: number): Promise<void> {
    return this.#volumes.reopen(volume)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#rest()
    await this.#opening?.catch(() => undefined)
    await this.#current?.idle()
    const open = this.#current
    try {
      if (open !== null) await (open.held.isValid ? open.own.log.close() : open.own.log.abandon())
    } finally {
      await Promise.all(this.#retiring)
      await this.#volumes.close()
      await this.#options.backend.close()
    }
  }

  #open(): Promise<OpenVolume> | OpenVolume {
    if (this.#current !== null) return this.#current
    this.#opening ??= this.#openNew().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #openNew(): Promise<OpenVolume> {
    const { backend, directory, writer, limits, clock, report } = this.#options
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const askedAtMs = clock.nowMs()
      const held = this.#allotted ?? new HeldLease(directory, clock, await directory.allot(writer), askedAtMs)
      this.#allotted = held
      const { volume, epoch } = held.lease
      try {
        // Allotted before an outage, it may be sealed as empty by now: what was created of it after that, nobody would look for.
        await held.ensure()
        const own = await backend.create(volume, epoch)
        this.#allotted = null
        const open = new OpenVolume(own, held, limits)
        // Before anything that can fail: its lease is not kept by anybody else.
        this.#current = open
        await this.#volumes.adopt(own.view, askedAtMs)
        return open
      } catch (error) {
        if (!(error instanceof MediaError && error.code === 'VOLUME_FENCED')) throw error
        if (held.isLost) report({ kind: 'volume taken over', volume })
        else {
          // There is a volume of that number already, of whom is not known: never write there.
          report({ kind: 'volume fenced', volume, error })
          await this.#sealed(held.lease, 0)
        }
        this.#allotted = null
      }
    }
    throw new MediaError('VOLUME_FENCED', 'The directory allots volumes that exist already.')
  }

  /** Logs the placement of each key of the batch. */
  #place({ volume }: OpenVolume, batch: readonly NeedleInput[], bytes: number): Promise<unknown> {
    const { placements } = this.#options
    const [first] = batch
    // Nearly always: what is stored together is of one item.
    if (first !== undefined && batch.every(({ key }) => key === first.key)) return placements.place(first.key, volume, bytes)
    const bytesOf = new Map<bigint, number>()
    for (const { key, data } of batch) bytesOf.set(key, (bytesOf.get(key) ?? 0) + recordBytes(data.byteLength))
    return Promise.all([...bytesOf].map(([key, of]) => placements.place(key, volume, of)))
  }

  /** Lets go of a volume: what is on its way is finished, then it is sealed. */
  #retire(open: OpenVolume): void {
    if (this.#current !== open) return
    this.#current = null
    const retiring = open
      .idle()
      .then(() => {
        if (open.held.isLost) return this.#letGo(open)
        if (open.failure === null) return this.#seal(open)
        this.#options.report({ kind: 'volume fenced', volume: open.volume, error: open.failure.error })
        return this.#sealFenced(open)
      })
      .catch((error: unknown) => {
        // It stays listed as this writer's, and is recovered and sealed at the next start, or by whoever finds it abandoned.
        this.#options.report({ kind: 'seal failed', volume: open.volume, error })
        this.#volumes.release(open.volume)
      })
      .finally(() => this.#retiring.delete(retiring))
    this.#retiring.add(retiring)
  }

  async #seal({ own: { log }, held }: OpenVolume): Promise<void> {
    try {
      await held.ensure()
      const bytes = await log.seal()
      await log.close()
      await this.#sealed(held.lease, bytes)
    } finally {
      await log.abandon()
    }
  }

  /** Whoever has taken the volume over, or will, seals it. */
  async #letGo({ own: { log } }: OpenVolume): Promise<void> {
    await log.abandon()
    this.#options.report({ kind: 'volume taken over', volume: log.superblock.volume })
    this.#volumes.release(log.superblock.volume)
  }

  async #sealFenced({ own: { log }, held }: OpenVolume): Promise<void> {
    await (held.isValid ? log.close() : log.abandon())
    await this.#sealed(held.lease, log.end)
  }

  async #sealed(lease: VolumeLease, bytes: number): Promise<void> {
    const { directory, report } = this.#options
    if (!(await directory.seal(lease, bytes))) report({ kind: 'volume taken over', volume: lease.volume })
    this.#volumes.release(lease.volume)
  }
}

/**
 * Whether the open volume has a tombstone for a key of the batch, as far as is known here: other processes write some only for
 * keys that were placed in it before. Tombstones are final within their volume, so the batch goes to another, whose placement is
 * logged anew: refused there if the item was erased, fine if only an earlier attempt was discarded.
 */
function erasedHere({ own: { view } }: OpenVolume, batch: readonly NeedleInput[]): boolean {
  return view.erased.size > 0 && batch.some((needle) => erasedIn(view.erased, needle) !== null)
}

function checkSizes(batch: readonly NeedleInput[], limits: BlobLimits): number {
  let dataBytes = 0
  let bytes = 0
  for (const { data } of batch) {
    if (data.byteLength > limits.needleBytesMax)
      throw new Error(`a needle of ${data.byteLength} bytes is over the limit of ${limits.needleBytesMax}`)
    dataBytes += data.byteLength
    bytes += recordBytes(data.byteLength)
  }
  if (dataBytes > limits.batchBytesMax) throw new Error(`a batch of ${dataBytes} bytes is over the limit of ${limits.batchBytesMax}`)
  return bytes
}
