import type { Keyframe } from '../../domain/media.ts'
import type { EncodedTrack } from '../../domain/encoded.ts'
import { boxesIn, codecsOf, readFragment, timescaleOf, type Box, type Fragment } from './boxes.ts'

export interface ReadTrack extends EncodedTrack {
  readonly samples: number
  readonly timescale: number
  /** When its first sample is shown, before any edit list, in ticks of the timescale. */
  readonly startTicks: number
}

/** Apple's authoring rules and the playlists' target: fragments are gathered into segments of this length. */
const SEGMENT_SECONDS = 6
/** A whole-GOP segment of an NTSC rate is 6.006 s long. */
const SLACK_SECONDS = 0.25

/**
 * One fragmented file of our encoder as init (ftyp and moov) and segments (moof and mdat, whole fragments), the first of
 * them no longer than `firstSeconds`.
 * Throws an Error when fragments do not follow one another without gap, which would be our bug. No fragments: no segments.
 */
export function readTrack(file: Uint8Array, firstSeconds = SEGMENT_SECONDS): ReadTrack {
  let init: Uint8Array | null = null
  const fragments: Fragment[] = []
  let moof: Box | null = null
  for (const box of boxesIn(file)) {
    if (box.type === 'moov') init = file.slice(0, box.end)
    else if (box.type === 'moof') moof = box
    else if (box.type === 'mdat' && moof) {
      fragments.push(readFragment(file, moof, box))
      moof = null
    }
  }
  if (!init) throw new Error('a file without moov')
  const timescale = timescaleOf(init)
  let next = fragments[0]?.decodeTicks ?? 0
  for (const fragment of fragments) {
    if (fragment.decodeTicks !== next) throw new Error(`a fragment at ${fragment.decodeTicks} where ${next} was due`)
    next += fragment.durationTicks
  }
  const codecs = codecsOf(init)
  const isPicture = !codecs.startsWith('mp4a')
  const segments = groupFragments(fragments, timescale, firstSeconds).map((group) => ({
    data: file.slice(group[0]?.start, group.at(-1)?.end),
    durationSeconds: group.reduce((sum, fragment) => sum + fragment.durationTicks, 0) / timescale,
    // Fragments begin at keyframes: the muxer is told so.
    ...(isPicture ? { keyframes: group.map((fragment) => keyframeOf(fragment, group[0]?.start ?? 0, timescale)) } : {}),
  }))
  return {
    init,
    segments,
    codecs,
    samples: fragments.reduce((sum, fragment) => sum + fragment.samples, 0),
    timescale,
    startTicks: fragments[0] ? fragments[0].decodeTicks + fragments[0].offsetTicks : 0,
  }
}

function keyframeOf({ start, end, firstEnd, durationTicks }: Fragment, origin: number, timescale: number): Keyframe {
  return { offset: start - origin, bytes: (firstEnd ?? end) - start, durationSeconds: durationTicks / timescale }
}

/** As many fragments to a segment as fit its target, or to the first one `firstSeconds`; one that is longer stands alone. */
export function groupFragments(fragments: readonly Fragment[], timescale: number, firstSeconds = SEGMENT_SECONDS): Fragment[][] {
  const groups: Fragment[][] = []
  let ticks = 0
  for (const fragment of fragments) {
    const group = groups.at(-1)
    const most = Math.min(SEGMENT_SECONDS, groups.length === 1 ? firstSeconds : Infinity)
    if (group && ticks + fragment.durationTicks <= (most + SLACK_SECONDS) * timescale) {
      group.push(fragment)
      ticks += fragment.durationTicks
    } else {
      groups.push([fragment])
      ticks = fragment.durationTicks
    }
  }
  return groups
}
