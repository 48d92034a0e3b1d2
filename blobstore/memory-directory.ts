import type { PlacementLog, VolumeDirectory } from '../domain/ports.ts'

export interface MemoryDirectory extends VolumeDirectory, PlacementLog {
  /** Every placement so far, in order. */
  readonly placed: { readonly key: bigint; readonly volume: number }[]
  /** Volumes sealed, with their bytes. */
  readonly sealed: Map<number, number>
}

/** A volume directory and placement log in memory, for tests and for memory stores. A later hold raises the epoch. */
export function memoryDirectory(): MemoryDirectory {
  const volumes = new Map<number, { readonly writer: string; epoch: number }>()
  const sealed = new Map<number, number>()
  const placed: { readonly key: bigint; readonly volume: number }[] = []
  let last = 0
  return {
    placed,
    sealed,
    async allot(writer) {
      last += 1
      volumes.set(last, { writer, epoch: 1 })
      return { volume: last, epoch: 1 }
    },
    async openOf(writer) {
      const open = [...volumes].filter(([volume, held]) => held.writer === writer && !sealed.has(volume)).toReversed()
      return open.map(([volume, held]) => {
        held.epoch += 1
        return { volume, epoch: held.epoch }
      })
    },
    async seal(volume, bytes) {
      sealed.set(volume, bytes)
    },
    async place(key, volume) {
      placed.push({ key, volume })
    },
  }
}
