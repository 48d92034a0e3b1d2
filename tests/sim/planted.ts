import type { Disk } from '../../blobstore/disk.ts'
import { type FileView, volumePath } from '../../blobstore/file-view.ts'
import type { VolumeBackend } from '../../blobstore/volume-log.ts'
import { type Planted, type SimStep, simSteps, simulate } from './blob-sim.ts'
import { objectLives, type PlantedInObjects, simulateObjects } from './object-sim.ts'
import { Random } from './random.ts'
import { SIM_FOLDER, Violation } from './sim-check.ts'

/** A backend that takes any damage for a torn tail, and cuts it off with all that follows. */
function truncatesOnRot(disk: Disk, backend: VolumeBackend): VolumeBackend {
  return {
    ...backend,
    async recover(volume, epoch) {
      const recovered = await backend.recover(volume, epoch)
      if (recovered === null || recovered.log !== null) return recovered
      const { damage } = (recovered.view as FileView).found
      const first = damage[0]
      if (first === undefined) return recovered
      const file = await disk.openWrite(volumePath(SIM_FOLDER, volume))
      await file.cut(first.start)
      return backend.recover(volume, epoch)
    },
  }
}

interface PlantedBug {
  readonly bug: Planted
  /** What the simulation must call it. */
  readonly caughtAs: RegExp
  /** Seeds to try, and how hard. */
  readonly from: number
  readonly stride: number
  readonly seeds: number
  readonly variants: number
}

/** Mistakes that a store could make, each of which the simulation must catch. */
export const plantedBugs: Readonly<Record<string, PlantedBug>> = {
  'skip fsync': { bug: { skipSync: true }, caughtAs: /lost/, from: 1, stride: 1, seeds: 20, variants: 2 },
  // Leftovers have to fit to the byte: only lives with records of one size get there.
  'drop the epoch check': { bug: { sameEpoch: true }, caughtAs: /phantom/, from: 240, stride: 8, seeds: 300, variants: 16 },
  'truncate on rot': { bug: { backendOf: truncatesOnRot }, caughtAs: /lost|not told/, from: 1, stride: 1, seeds: 50, variants: 2 },
}

/** Lives of a seed. Every eighth writes records of one size over and over, where leftovers of an earlier life fit best. */
export function simLives(seed: number): SimStep[][] {
  if (seed % 8 === 0) {
    const length = 560 + (seed % 7) * 8
    const again: SimStep[] = [{ do: 'put', lengths: [length] }]
    const pair: SimStep[] = [{ do: 'putMany', count: 2, length }]
    return [pair, again, pair, again, pair, again]
  }
  const random = new Random(seed ^ 0x5eed)
  return [simSteps(random), simSteps(random), simSteps(random)]
}

/** The first violation that a planted mistake leads to; null when no seed meets with one. */
export async function catchPlanted({ bug, from, stride, seeds, variants }: PlantedBug): Promise<string | null> {
  for (let turn = 0; turn < seeds; turn += 1) {
    const seed = from + turn * stride
    try {
      await simulate(seed, simLives(seed), { variants, planted: bug })
    } catch (error) {
      if (error instanceof Violation) return error.message
      throw error
    }
  }
  return null
}

/** Mistakes of those who look after volumes on objects. */
export const plantedInObjects: Readonly<Record<string, { readonly bug: PlantedInObjects; readonly caughtAs: RegExp }>> = {
  'collect by listing': { bug: { collectsByListing: true }, caughtAs: /lost/ },
  'forget tombstones': { bug: { forgetsTombstones: true }, caughtAs: /resurrected/ },
  'forget what a merge keeps': { bug: { forgetsErased: true }, caughtAs: /not gone/ },
}

/** As {@link catchPlanted}, of volumes on objects. */
export async function catchPlantedInObjects(bug: PlantedInObjects): Promise<string | null> {
  for (let seed = 1; seed <= 60; seed += 1) {
    try {
      await simulateObjects(seed, objectLives(seed), bug)
    } catch (error) {
      if (error instanceof Violation) return error.message
      throw error
    }
  }
  return null
}
