import type { Locator } from '../../domain/media.ts'

/** One append: all of its needles share the key, which no other append has. */
export interface SimBatch {
  readonly key: bigint
  readonly lengths: readonly number[]
}

/** What was asked of the store and what it answered, as lists that only grow: a moment is their lengths. */
export class SimModel {
  readonly started: SimBatch[] = []
  readonly acknowledged: { readonly batch: SimBatch; readonly locators: readonly Locator[] }[] = []
  readonly erasing: { readonly key: bigint; readonly volume: number }[] = []
  readonly erased: { readonly key: bigint; readonly volume: number }[] = []
  /** Not acknowledged, and gone after a restart: must never come back. */
  readonly dead = new Set<bigint>()
  /** Not acknowledged, and there after a restart: must stay. */
  readonly settled = new Set<bigint>()

  moment(): SimMoment {
    return {
      started: this.started.length,
      acknowledged: this.acknowledged.length,
      erasing: this.erasing.length,
      erased: this.erased.length,
    }
  }

  /** The model as it was at a moment. */
  at(moment: SimMoment): SimModel {
    const model = new SimModel()
    model.started.push(...this.started.slice(0, moment.started))
    model.acknowledged.push(...this.acknowledged.slice(0, moment.acknowledged))
    model.erasing.push(...this.erasing.slice(0, moment.erasing))
    model.erased.push(...this.erased.slice(0, moment.erased))
    for (const key of this.dead) model.dead.add(key)
    for (const key of this.settled) model.settled.add(key)
    return model
  }
}

export interface SimMoment {
  readonly started: number
  readonly acknowledged: number
  readonly erasing: number
  readonly erased: number
}

/** The data of a needle follows from its names: no byte of it can be wrong unseen. */
export function simData(key: bigint, alt: number, length: number): Uint8Array {
  const data = new Uint8Array(length)
  let state = (Number(key) * 2654435761 + alt * 40503 + length) >>> 0
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[at] = state >>> 24
  }
  return data
}
