import type { Loss } from '../../domain/losses.ts'
import type { ImageHeader } from './header-parts.ts'

/** Transfers of ITU-T H.273 that mean HDR: PQ and HLG. */
const HDR: ReadonlySet<number> = new Set([16, 18])

/** What is seen of a source once it is developed. */
export interface Seen {
  /** It has a gain map, and renditions that carry it. */
  readonly gain: 'none' | 'kept' | 'lost'
  /** It was made sRGB though its profile has more. */
  readonly narrowed: boolean
}

/** What of the source its renditions do not show. */
export function lossesOf({ sequence, colour, deep }: ImageHeader, { gain, narrowed }: Seen): Loss[] {
  const isHdr = colour !== undefined && 'transfer' in colour && HDR.has(colour.transfer)
  const losses: readonly (readonly [Loss, boolean])[] = [
    ['animation', sequence === true],
    ['gainMap', gain === 'lost'],
    ['hdr', isHdr],
    ['gamut', narrowed],
    ['depth', deep === true],
  ]
  return losses.filter(([, is]) => is).map(([loss]) => loss)
}
