import type { PlacementLog } from '../../domain/ports.ts'
import type { VolumeDirectory, VolumeLease } from '../../domain/volume-ports.ts'

interface Held {
  readonly epoch: number
  readonly sealed: boolean
}

const leaseMs = Number.POSITIVE_INFINITY

/** The volume directory of a simulation: durable at once, and copied with each moment of the disk. */
export class SimDirectory implements VolumeDirectory, PlacementLog {
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
    return { volume, epoch: 1, leaseMs }
  }

  async openOf(): Promise<VolumeLease[]> {
    const open = [...this.#held].filter(([, { sealed }]) => !sealed).toReversed()
    return open.map(([volume, { epoch }]) => {
      const next = this.#raisesEpoch ? epoch + 1 : epoch
      this.#held.set(volume, { epoch: next, sealed: false })
      return { volume, epoch: next, leaseMs }
    })
  }

  async renew(lease: VolumeLease): Promise<VolumeLease> {
    return lease
  }

  async seal({ volume, epoch }: VolumeLease): Promise<boolean> {
    this.#held.set(volume, { epoch, sealed: true })
    return true
  }

  async place(): Promise<void> {}
}
