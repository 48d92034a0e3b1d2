import { ApplicationFailure } from '@temporalio/common'
import { failureCode, isCancellation } from './failure.ts'

/** Volumes that could not be looked after, with the code of why. */
export interface Trouble {
  readonly volume: number
  readonly code: string
}

/** Does `work` for one volume after another. One that fails does not keep the others waiting; a cancellation ends all. */
export async function eachVolume(volumes: readonly number[], work: (volume: number, turn: number) => Promise<void>): Promise<Trouble[]> {
  const troubles: Trouble[] = []
  for (const [turn, volume] of volumes.entries()) {
    try {
      await work(volume, turn)
    } catch (error) {
      if (isCancellation(error)) throw error
      troubles.push({ volume, code: failureCode(error) })
    }
  }
  return troubles
}

/** Red in the UI means that an operator is needed: a run that left volumes in trouble ends as failed, naming them. */
export function failOn(troubles: readonly Trouble[]): void {
  const [first] = troubles
  if (first === undefined) return
  const named = troubles.map(({ volume, code }) => `${volume} (${code})`).join(', ')
  throw ApplicationFailure.nonRetryable(`Volumes that need an operator: ${named}.`, first.code, troubles)
}
