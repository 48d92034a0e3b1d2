/** Everything decided about a video before a frame of it is decoded for good. Pure. */
import { rungsByTitle } from './complexity.ts'
import { type Look, lookIn } from './edits.ts'
import { MediaError } from './errors.ts'
import { frameOf, type Size } from './framing.ts'
import { withNewerCodecs } from './plan-codecs.ts'
import { type FrameSpan, trimmedFrames } from './trim.ts'
import type { Limits } from './limits.ts'
import type { PlannedChunk, PlannedRung, Preset, SourceTraits, VideoPlan, VideoProbe } from './plans.ts'

/** A frame lasts `ticks` of a clock with `timescale` ticks a second; 29.97 is 1001 of 30000. */
export interface FrameRate {
  readonly timescale: number
  readonly ticks: number
}

/** A source this little short of a rung gets the rung at its own size, instead of falling to the next one. */
const RUNG_SLACK = 0.9
/** Where a poster is looked for: a quarter in, but no later than this, since a viewer sees the beginning first. */
const POSTER_SECONDS_MAX = 3

/** Shorter side in pixels of the largest rung that is made before all others. */
const LEAD_SHORT_SIDE_MAX = 360

/** Throws MEDIA_TOO_LONG or MEDIA_TOO_MANY_PIXELS; sizes as displayed. */
export function admitVideo(probe: VideoProbe, limits: Pick<Limits, 'videoDurationMsMax' | 'videoPixelsMax'>): void {
  if (probe.durationMs > limits.videoDurationMsMax) {
    throw new MediaError('MEDIA_TOO_LONG', undefined, { facts: { durationMs: probe.durationMs, durationMsMax: limits.videoDurationMsMax } })
  }
  if (probe.width * probe.height > limits.videoPixelsMax) {
    throw new MediaError('MEDIA_TOO_MANY_PIXELS', undefined, {
      facts: { width: probe.width, height: probe.height, pixelsMax: limits.videoPixelsMax },
    })
  }
}

/**
 * The exact rate meant by `fps` frames per second: a whole number, or that times 1000/1001 (SMPTE 12M's
 * rates) when `fps` is within 0.5% of it; anything else is rounded up, so that no frame is lost.
 */
export function frameRateOf(fps: number): FrameRate {
  const whole = Math.max(1, Math.round(fps))
  const ntsc = (whole * 1000) / 1001
  const offWhole = Math.abs(fps - whole) / whole
  const offNtsc = Math.abs(fps - ntsc) / ntsc
  if (offNtsc < offWhole && offNtsc < 0.005) return { timescale: whole * 1000, ticks: 1001 }
  if (offWhole < 0.005) return { timescale: whole * 1000, ticks: 1000 }
  return { timescale: Math.max(1, Math.ceil(fps)) * 1000, ticks: 1000 }
}

/** Frames a chunk begins after the first chunk, and how many it has: its place on the plan's grid. */
export function framesOf(plan: Pick<VideoPlan, 'fps' | 'chunks'>, chunk: PlannedChunk): { readonly first: number; readonly count: number } {
  const { timescale, ticks } = frameRateOf(plan.fps)
  const origin = plan.chunks[0]?.startSeconds ?? chunk.startSeconds
  return {
    first: Math.round(((chunk.startSeconds - origin) * timescale) / ticks),
    count: Math.round((chunk.durationSeconds * timescale) / ticks),
  }
}

/**
 * The ladder, the frame grid and the chunks of one video.
 * Rungs go by the shorter display side, none larger than the source, all sides even. Frame 0 of the grid
 * is the source's first frame (`probe.startSeconds`), or the first that is kept; chunks are whole GOPs and partition the grid.
 * EDIT_INVALID where the framing or the trim leaves nothing to show.
 */
export function planVideo(probe: VideoProbe, preset: Preset, look: Look): VideoPlan {
  const { video } = preset
  const framing = look.edits?.framing
  const frame = framing && frameOf({ width: probe.width, height: probe.height }, framing)
  const { width, height } = frame ?? probe
  // Halving 120 to 60 keeps motion even; cutting 100 down to 60 would not.
  const { timescale, ticks } = frameRateOf(probe.fps / Math.max(1, Math.ceil((probe.fps - 0.01) / video.fpsMax)))
  const fps = timescale / ticks
  const { first: skipped, count: frames } = trimmedFrames(Math.max(1, Math.round((probe.durationMs / 1000) * fps)), fps, look.edits?.trim)
  const gopFrames = Math.max(1, Math.round(video.gopSeconds * fps))
  const seconds = (count: number) => (count * ticks) / timescale
  const durationSeconds = seconds(frames)
  const ladder = planRungs(width, height, video.rungs, probe.withinLevel ? macroblocksMax(fps) : Infinity)
  const originSeconds = probe.startSeconds + seconds(skipped)
  const wanted = withNewerCodecs(video.byTitle ? rungsByTitle(ladder, probe) : ladder, video.newer, {
    ...lookIn(look),
    ...(frame ? { frame } : {}),
    ...traitsOf(probe),
  })
  const isPlain = look.filter === null && look.edits === undefined
  const keyframes = mayCopy(probe, preset, { fps, rungs: wanted, isPlain }) ? probe.keyframes : undefined
  const rungs = wanted.map((rung, at) => (keyframes && at === 0 ? { ...rung, copied: true as const } : rung))
  const chunkFrames = gopFrames * Math.max(1, Math.round(video.chunkSeconds / video.gopSeconds))
  const firstFrames = probe.briefStart ? gopFrames : chunkFrames
  const parts = keyframes
    ? groupedChunks(frames, keyframes, chunkFrames, firstFrames)
    : planChunks(frames, { gopFrames, chunkFrames, firstFrames, endGroups: endGroupsOf(probe) })
  return {
    width,
    height,
    durationMs: Math.round(durationSeconds * 1000),
    fps,
    gopFrames,
    rungs,
    ...(keyframes ? { keyframes } : {}),
    chunks: parts.map((part, index) => ({
      index,
      startSeconds: originSeconds + seconds(part.first),
      durationSeconds: seconds(part.count),
    })),
    audio: probe.audio && {
      streamIndex: probe.audio.streamIndex,
      kbps: video.audioKbps,
      ...(probe.audio.language === undefined ? {} : { language: probe.audio.language }),
    },
    ...(probe.otherSounds ? { otherSounds: probe.otherSounds } : {}),
    posterSeconds: originSeconds + Math.min(durationSeconds / 4, POSTER_SECONDS_MAX),
    videoStreamIndex: probe.videoStreamIndex,
    ...(probe.captions ? { captions: probe.captions } : {}),
    ...lookIn(look),
    ...(frame ? { frame } : {}),
    ...(skipped > 0 ? { inside: true as const } : {}),
    posterPreset: preset.name,
    ...traitsOf(probe),
  }
}

function traitsOf({ colour, interlaced, alpha, matroska, remuxed, frames, orientation, mastering }: SourceTraits): SourceTraits {
  return {
    ...(colour === undefined ? {} : { colour }),
    ...(interlaced === undefined ? {} : { interlaced }),
    ...(alpha === undefined ? {} : { alpha }),
    ...(matroska === undefined ? {} : { matroska }),
    ...(remuxed === undefined ? {} : { remuxed }),
    ...(frames === undefined ? {} : { frames }),
    ...(orientation === undefined ? {} : { orientation }),
    ...(mastering === undefined ? {} : { mastering }),
  }
}

/** Whether the preset, and what is done to the picture, leave the picture as it is, so that it could be copied. */
export function mayCopy(
  probe: VideoProbe,
  { video }: Preset,
  plan: { readonly fps: number; readonly rungs: readonly PlannedRung[]; readonly isPlain: boolean },
): boolean {
  const top = plan.rungs[0]
  if (!video.copiesTop || !probe.plainH264 || !plan.isPlain || !top) return false
  const { timescale, ticks } = frameRateOf(probe.fps)
  return top.width === probe.width && top.height === probe.height && plan.fps === timescale / ticks && !video.byTitle && !video.newer
}

/**
 * Whether a video's beginning is made playable before the rest: not where one chunk is all there is, since that is ready as
 * soon as it would be playable, nor where it is encrypted: growing playlists are not signed.
 */
export function mayBegin({ chunks }: Pick<VideoPlan, 'chunks'>, { video }: Preset): boolean {
  return video.encryption === undefined && chunks.length > 1
}

/** The rungs that a video can be played in first: those that cost least, for small screens and slow networks. */
export function leadRungs(plan: Pick<VideoPlan, 'rungs'>): readonly PlannedRung[] {
  const known = plan.rungs.filter(({ codec }) => codec === undefined)
  const low = known.filter(({ width, height }) => Math.min(width, height) <= LEAD_SHORT_SIDE_MAX)
  return low.length > 0 ? low : known.slice(-1)
}

/** Macroblocks of a frame, and of a second of frames, at level 4.2 (ITU-T H.264, table A-1): the highest that phones and televisions take. */
const FRAME_MACROBLOCKS_MAX = 8_704
const SECOND_MACROBLOCKS_MAX = 522_240

function macroblocksMax(fps: number): number {
  return Math.min(FRAME_MACROBLOCKS_MAX, Math.floor(SECOND_MACROBLOCKS_MAX / fps))
}

/** The share of a size, at most all of it, at which a frame has no more macroblocks than given. */
function shareWithin({ width, height }: Size, most: number): number {
  const macroblocks = (share: number) => Math.ceil((width * share) / 16) * Math.ceil((height * share) / 16)
  let share = 1
  while (macroblocks(share) > most) share *= Math.min(0.998, Math.sqrt(most / macroblocks(share)))
  return share
}

function planRungs(width: number, height: number, wanted: Preset['video']['rungs'], macroblocks: number): PlannedRung[] {
  const short = Math.min(width, height)
  const sizes = wanted
    .toSorted((a, b) => b.shortSide - a.shortSide)
    .filter((rung) => short >= rung.shortSide * RUNG_SLACK)
    .map((rung) => ({ ...rung, shortSide: Math.min(rung.shortSide, short), name: `${rung.shortSide}p` }))
  const least = wanted.reduce((a, b) => (b.shortSide < a.shortSide ? b : a))
  if (sizes.length === 0) sizes.push({ ...least, shortSide: short, name: `${evenDown(short)}p` })
  const rungs: PlannedRung[] = []
  for (const { shortSide, name, crf, maxKbps } of sizes) {
    const scale =
      (shortSide / short) * shareWithin({ width: (width * shortSide) / short, height: (height * shortSide) / short }, macroblocks)
    const size = { width: evenDown(width * scale), height: evenDown(height * scale) }
    // Two rungs within the slack of a small source come out at one size.
    if (rungs.at(-1)?.width === size.width && rungs.at(-1)?.height === size.height) continue
    rungs.push({ name, ...size, crf, maxKbps, index: rungs.length })
  }
  return rungs
}

/** H.264 4:2:0 needs even sides; rounding to the nearest even number, but never above what there is. */
function evenDown(side: number): number {
  const nearest = Math.round(side / 2) * 2
  return Math.max(2, nearest > Math.ceil(side) ? nearest - 2 : nearest)
}

/** Chunks of whole groups, each as long as a chunk, or the first chunk, at least; a shorter tail joins the one before. */
function groupedChunks(frames: number, keyframes: readonly number[], chunkFrames: number, firstFrames: number): FrameSpan[] {
  const chunks: { first: number; count: number }[] = []
  for (const [at, first] of keyframes.entries()) {
    const count = (keyframes[at + 1] ?? frames) - first
    const last = chunks.at(-1)
    if (last && last.count < (chunks.length === 1 ? firstFrames : chunkFrames)) last.count += count
    else chunks.push({ first, count })
  }
  return chunks
}

/** What admission says of how a video is planned that comes in now; those that came in before keep their plans. */
export const plannedAnew = { shortEnd: true, groupEnd: true, withinLevel: true } as const

/** How many groups the last chunks have at least where they get shorter; null where all have one length. */
function endGroupsOf({ shortEnd, groupEnd }: Pick<VideoProbe, 'shortEnd' | 'groupEnd'>): number | null {
  if (!shortEnd) return null
  return groupEnd ? 1 : 2
}

interface ChunkLengths {
  readonly gopFrames: number
  readonly chunkFrames: number
  readonly firstFrames: number
  readonly endGroups: number | null
}

/**
 * Chunks of whole groups. With a short end none is longer than half of what is left, or so many groups, so that workers end
 * together: a long last one would have all but one of them wait. What is one chunk stays one.
 */
function planChunks(frames: number, { gopFrames, chunkFrames, firstFrames, endGroups }: ChunkLengths): FrameSpan[] {
  const chunks: { first: number; count: number }[] = []
  const halfOf = (left: number, groups: number) => Math.max(groups, Math.floor(left / 2 / gopFrames)) * gopFrames
  for (let first = 0, count = 0; first < frames; first += count) {
    const left = frames - first
    const most = endGroups !== null && first > 0 ? Math.min(chunkFrames, halfOf(left, endGroups)) : chunkFrames
    count = Math.min(first === 0 ? firstFrames : most, left)
    const previous = chunks.at(-1)
    if (previous && count < (endGroups === null ? gopFrames : gopFrames / 2)) previous.count += count
    else chunks.push({ first, count })
  }
  return chunks
}
