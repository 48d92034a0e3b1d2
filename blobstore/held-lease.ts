import { MediaError } from '../domain/errors.ts'
import type { VolumeDirectory, VolumeLease } from '../domain/volume-ports.ts'
import type { Clock } from './refresher.ts'

/** Renewed when so much of it is over; and given up a tenth before its end, since clocks run differently fast. */
const RENEW_AT = 1 / 3
const TRUST_TO = 9 / 10

/**
 * The right to append to a volume, as its holder knows it: reckoned from before the directory was asked, by a clock that
 * only runs forward. Whoever takes the volume over waits for the lease to end, so what was stored while it was valid is
 * seen by the next holder, whatever the storage makes of two writers at once.
 */
export class HeldLease {
  readonly #directory: VolumeDirectory
  readonly #clock: Clock
  #lease: VolumeLease
  #askedAtMs: number
  #renewing: Promise<void> | null = null
  #isLost = false

  /** @param askedAtMs when the directory was asked for the lease, of `clock` */
  constructor(directory: VolumeDirectory, clock: Clock, lease: VolumeLease, askedAtMs: number) {
    this.#directory = directory
    this.#clock = clock
    this.#lease = lease
    this.#askedAtMs = askedAtMs
  }

  get lease(): VolumeLease {
    return this.#lease
  }

  /** Whether the directory has refused to renew it. */
  get isLost(): boolean {
    return this.#isLost
  }

  /** Whether nobody else can hold the volume at this moment. */
  get isValid(): boolean {
    return !this.#isLost && this.#clock.nowMs() < this.#askedAtMs + this.#lease.leaseMs * TRUST_TO
  }

  /** Returns when the lease is valid; waits for the directory only when it is not. VOLUME_FENCED when another holds the volume. */
  async ensure(): Promise<void> {
    if (this.isValid) {
      this.keep()
      return
    }
    await this.#renew()
    if (!this.isValid) throw new MediaError('VOLUME_FENCED', undefined, { facts: { volume: this.#lease.volume } })
  }

  /** Begins to renew the lease when it is time. What fails is tried again, at the latest by {@link ensure}. */
  keep(): void {
    if (this.#isLost || this.#clock.nowMs() < this.#askedAtMs + this.#lease.leaseMs * RENEW_AT) return
    this.#renew().catch(() => {
      // The lease goes on as long as it lasts.
    })
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null
    })
    return this.#renewing
  }

  async #ask(): Promise<void> {
    if (this.#isLost) return
    const askedAtMs = this.#clock.nowMs()
    const renewed = await this.#directory.renew(this.#lease)
    if (renewed === null) {
      this.#isLost = true
      return
    }
    this.#lease = renewed
    this.#askedAtMs = askedAtMs
  }
}
