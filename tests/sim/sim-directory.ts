import type { PlacementLog } from '../../domain/ports.ts'
import type { VolumeBooks, VolumeDirectory, VolumeLease } from '../../domain/volume-ports.ts'

interface Held {
  readonly epoch: number
  readonly sealed: boolean
}

export const SIM_LEASE_MS = 30_000

/** The volume directory of a simulation: durable at once, and copied with each moment of the disk. */
export class SimDirectory implements VolumeDirectory, Pick<VolumeBooks, 'take'>, PlacementLog {
  readonly #held: Map<number, Held>
  readonly #raisesEpoch: boolean

  constructor(options: { readonly from?: SimDirectory; readonly raisesEpoch?: boolean } = {}) {
    this.#held = new Map(options.from?.volumes() ?? [])
    this.#raisesEpoch = options.raisesEpoch ?? true
  }

  volumes(): ReadonlyMap<number, Held> {
    return this.#held
  }

  copy(): SimDirectory {
    return new SimDirectory({ from: this, raisesEpoch: this.#raisesEpoch })
  }

  async allot(): Promise<VolumeLease> {
    const volume = Math.max(0, ...this.#held.keys()) + 1
    this.#held.set(volume, { epoch: 1, sealed: false })
    return { volume, epoch: 1, leaseMs: SIM_LEASE_MS }
  }

  async openOf(): Promise<VolumeLease[]> {
    const open = [...this.#held].filter(([, { sealed }]) => !sealed).toReversed()
    return open.map(([volume, { epoch }]) => this.#hold(volume, this.#raisesEpoch ? epoch + 1 : epoch))
  }

  /** Whoever asks knows that the holder's lease is over: time stands still but for that. */
  async take(volume: number): Promise<VolumeLease | null> {
    const held = this.#held.get(volume)
    return held === undefined || held.sealed ? null : this.#hold(volume, held.epoch + 1)
  }

  async renew(lease: VolumeLease): Promise<VolumeLease | null> {
    const held = this.#held.get(lease.volume)
    return held === undefined || held.sealed || held.epoch !== lease.epoch ? null : lease
  }

  async seal({ volume, epoch }: VolumeLease): Promise<boolean> {
    const held = this.#held.get(volume)
    if (held === undefined || held.sealed || held.epoch !== epoch) return false
    this.#held.set(volume, { epoch, sealed: true })
    return true
  }

  async place(): Promise<void> {}

  #hold(volume: number, epoch: number): VolumeLease {
    this.#held.set(volume, { epoch, sealed: false })
    return { volume, epoch, leaseMs: SIM_LEASE_MS }
  }
}
