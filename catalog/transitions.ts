import { MediaError } from '../domain/errors.ts'
import type { MediaState } from '../domain/media.ts'
import type { Outcome } from '../domain/ports.ts'

/** States whose needles are discarded, or are being: nothing may be written for them any more. */
export const discarded = ['rejected', 'failed', 'erased'] as const satisfies readonly MediaState[]

export function isDiscarded(state: MediaState): boolean {
  return (discarded as readonly MediaState[]).includes(state)
}

export function refusal(state: MediaState): MediaError {
  return new MediaError('MEDIA_ERASED', state === 'erased' ? undefined : `The item was ${state}: nothing is kept for it any more.`)
}

/**
 * What settling an item means in the state that it is in: `change` it, `repeat` what is already so (only an
 * event that is missing is added: a new version's), or `keep` the other final state that came first.
 * MEDIA_ERASED for an outcome that comes after an erasure began.
 */
export function decideSettle(state: MediaState, outcome: Outcome['state']): 'change' | 'repeat' | 'keep' {
  if (state === outcome) return 'repeat'
  if (state === 'erased') throw refusal(state)
  // Certifying an erasure that was never begun would leave the item served.
  if (outcome === 'erased') throw new Error('an item is settled as erased before its erasure began')
  return state === 'processing' || state === 'playable' ? 'change' : 'keep'
}

/** Whether a manifest is taken: not when its version is announced already or a later one is there. MEDIA_ERASED. */
export function decidePublish(row: { readonly state: MediaState; readonly version: number }, version: number): boolean {
  if (isDiscarded(row.state)) throw refusal(row.state)
  return row.state === 'ready' ? version > row.version : version >= row.version
}
