/** Whether a source's own picture may be given out as the top rung, decided from its packets. Pure. */
import { frameRateOf } from './plan-video.ts'
import type { PlannedRung, VideoProbe } from './plans.ts'

/** A packet of the picture, in the order of decoding. */
export interface Packet {
  readonly ptsSeconds: number
  readonly bytes: number
  readonly isKey: boolean
}

/** Players seek, and change rungs, at keyframes. */
export const COPIED_GOP_SECONDS_MAX = 4
/** Of a frame, by which a time may be off the grid: ffprobe tells microseconds. */
const GRID_SLACK = 0.01
/** Times the rung's highest rate that a group of pictures may have. */
const PEAK_MAX = 2

/**
 * The frames at which groups begin, where each is closed, none is too long, every frame lies on the grid of one rate from
 * the first one on, and none is missing; null where anything of that does not hold.
 */
function closedGroups(packets: readonly Packet[], { fps, startSeconds }: Pick<VideoProbe, 'fps' | 'startSeconds'>): number[] | null {
  const { timescale, ticks } = frameRateOf(fps)
  const frames = packets.map(({ ptsSeconds }) => ((ptsSeconds - startSeconds) * timescale) / ticks)
  if (packets.length === 0 || !packets[0]?.isKey || frames.some((frame) => Math.abs(frame - Math.round(frame)) > GRID_SLACK)) return null
  const keys: number[] = []
  const longest = (COPIED_GOP_SECONDS_MAX * timescale) / ticks
  for (let first = 0; first < packets.length; ) {
    let end = first + 1
    while (end < packets.length && !packets[end]?.isKey) end++
    // Closed, and whole: its frames are those from its keyframe on, which is shown first of them.
    const shown = frames.slice(first, end).map(Math.round)
    const sorted = shown.toSorted((a, b) => a - b)
    if (shown[0] !== first || sorted.some((frame, at) => frame !== first + at) || end - first > longest) return null
    keys.push(first)
    first = end
  }
  return keys
}

/**
 * What the packets tell of a source that may be copied: the frames at which its groups begin; undefined where it has to be
 * encoded. `frames`: how many a plan expects, all of which have to be there.
 */
export function copiedKeyframes(
  packets: readonly Packet[] | null,
  probe: Pick<VideoProbe, 'fps' | 'startSeconds'>,
  frames: number,
  rung: Pick<PlannedRung, 'maxKbps'>,
): number[] | undefined {
  const keys = packets && packets.length === frames ? closedGroups(packets, probe) : null
  return packets && keys && isWithinRate(packets, keys, probe.fps, rung) ? keys : undefined
}

/** Whether no group of pictures is much above the rate that the rung is allowed, nor all of them together. */
function isWithinRate(
  packets: readonly Packet[],
  keys: readonly number[],
  fps: number,
  { maxKbps }: Pick<PlannedRung, 'maxKbps'>,
): boolean {
  const kbps = (from: number, to: number) =>
    (packets.slice(from, to).reduce((sum, { bytes }) => sum + bytes, 0) * 8 * fps) / ((to - from) * 1000)
  return kbps(0, packets.length) <= maxKbps && keys.every((from, at) => kbps(from, keys[at + 1] ?? packets.length) <= maxKbps * PEAK_MAX)
}
