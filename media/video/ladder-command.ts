import { frameRateOf, framesOf } from '../../domain/plan-video.ts'
import type { Limits } from '../../domain/limits.ts'
import { COPIED_GOP_SECONDS_MAX } from '../../domain/copy-gate.ts'
import type { FrameSpan } from '../../domain/trim.ts'
import type { PlannedChunk, PlannedRung, VideoPlan } from '../../domain/plans.ts'
import { demuxerOf, flags, knownOptions, runOptions, secondsText, seekOptions, sourceUrl, stripOptions, type Command } from './command.ts'
import { newerEncoder } from './newer-encoder.ts'
import { alphaDecoder, deinterlacing, type PictureTools } from './picture-filter.ts'
import { VBV_INIT } from './rate-buffer.ts'
import { frameLabel, scaledFrames } from './rung-frames.ts'

/**
 * How far behind a chunk's begin a keyframe may lie for decoding to begin there: as far as a frame may lie behind its place on
 * the grid and still be put there (with half a frame it would be the next one's). So a keyframe on the chunk's own begin is
 * found, and nothing is decoded in vain; where there is none ffmpeg lands on the one before, and the frame that a source of
 * variable rate holds over the begin, however long, is always decoded.
 */
const KEYFRAME_FRAMES = 0.45

/** Seconds of decoding before a chunk where a keyframe is no clean start: Matroska says so of recovery points, and de-interlacing looks back. */
const PREROLL_SECONDS = 1

/** Share of packets that may fail to decode: a scratch is concealed, a wreck is refused (ffmpeg's status is then 69). */
const DECODE_ERRORS_MAX = 0.2

/**
 * By a rate factor x264 makes each keyframe finer than what follows (`ipratio`), but not an encode's very first one: of a chunk that
 * is one within the film, and as fine as the others with so many more bits.
 */
const FIRST_KEYFRAME = 'zones=0,0,b=1.4'

export interface LadderOptions extends PictureTools {
  /** Threads of each encoder and of the decoder; the chunks are what is parallel. */
  readonly threads: number
  readonly pixelsMax: number
  /** Seconds before the chunk at which decoding begins at the latest. */
  readonly prerollSeconds?: number
}

/** The file a rung is written to in the run's own folder. */
export function rungFile(rung: PlannedRung): string {
  return `rung-${rung.index}.mp4`
}

/**
 * The command that encodes one chunk's whole ladder from one decode.
 *
 * Time: `-copyts` keeps the source's clock and `setpts` moves its zero to the plan's first frame; `fps` puts
 * the frames on the plan's grid, where the chunk is cut by frame number. So tfdt comes out absolute, and
 * chunks made on different machines join without a gap. Every encoder gets the same parameters in every
 * chunk, hence the same ftyp and moov.
 */
export function ladderCommand(source: string, plan: VideoPlan, chunk: PlannedChunk, options: LadderOptions): Command {
  const { timescale, ticks } = frameRateOf(plan.fps)
  const { first, count } = framesOf(plan, chunk)
  const origin = plan.chunks[0]?.startSeconds ?? chunk.startSeconds
  const seekSeconds = seekOf(plan, chunk, options)
  const grid = [
    `setpts=round(PTS-(${secondsText(origin)})/TB)`,
    ...deinterlacing(plan),
    `fps=fps=${timescale}/${ticks}:start_time=${secondsText((first * ticks) / timescale)}`,
    `trim=start_pts=${first}:end_pts=${first + count}`,
  ]
  const graph = scaledFrames(plan, grid, options)
  return {
    inputOptions: [
      ...runOptions(),
      ...flags('-filter_complex_threads', `${options.threads}`, '-max_error_rate', `${DECODE_ERRORS_MAX}`),
      ...knownOptions(source, plan),
      ...alphaDecoder(plan),
      ...flags('-threads', `${options.threads}`, '-max_pixels', `${options.pixelsMax}`),
      '-copyts',
      // Seeks to the keyframe before, in the file's own clock; `trim` and not ffmpeg decides what is dropped.
      ...(seekSeconds === undefined ? [] : seekOptions(seekSeconds)),
    ],
    source: sourceUrl(source),
    outputs: plan.rungs.map((rung, at) => ({
      options: [
        ...(at === 0 ? ['-filter_complex', graph.join(';')] : []),
        ...rungOptions(plan, rung, timescale, options.threads, { first, count }),
      ],
      target: rungFile(rung),
    })),
  }
}

/** The time on which, or before which, the keyframe lies that decoding begins with; none for the source's beginning. */
function seekOf(plan: VideoPlan, { startSeconds }: PlannedChunk, { prerollSeconds }: LadderOptions): number | undefined {
  const origin = plan.chunks[0]?.startSeconds ?? startSeconds
  if (startSeconds === origin && !plan.inside) return undefined
  const { timescale, ticks } = frameRateOf(plan.fps)
  const isClean = demuxerOf(plan) === 'mov' && !plan.interlaced
  const usual = isClean ? startSeconds + (KEYFRAME_FRAMES * ticks) / timescale : startSeconds - PREROLL_SECONDS
  const seconds = prerollSeconds === undefined ? usual : startSeconds - prerollSeconds
  return seconds > origin || plan.inside ? seconds : undefined
}

/**
 * The commands for a chunk, the second for where the first one's decoder comes upon damage: it makes up what is missing from
 * the frames before, so that a whole encode is equalled only by decoding from as far back. Up to
 * `videoDamagedPrerollSecondsMax` that is the source's beginning.
 */
export function ladderTries(
  source: string,
  plan: VideoPlan,
  chunk: PlannedChunk,
  options: LadderOptions,
  { videoDamagedPrerollSecondsMax: prerollSeconds }: Pick<Limits, 'videoDamagedPrerollSecondsMax'>,
): Command[] {
  const usual = ladderCommand(source, plan, chunk, options)
  return usual.inputOptions.includes('-ss') ? [usual, ladderCommand(source, plan, chunk, { ...options, prerollSeconds })] : [usual]
}

/** x264's preset for an effort: the quick one unless more is asked for. */
const presets = { quick: 'veryfast', fast: 'fast', high: 'slow' } as const

/** The encoder of a rung. */
export function encoderOptions(effort: PlannedRung['effort'], threads: number): readonly string[] {
  const preset = presets[effort ?? 'quick']
  return flags('-c:v', 'libx264', '-preset', preset, '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-threads', `${threads}`)
}

/** Macroblocks that decoders of level 4 and 4.1 hold: 1080p four times (ITU-T H.264, table A-1). */
const DECODED_MACROBLOCKS_MAX = 32_768
const REFERENCES_MAX = 5

/**
 * Beside the quick preset: three B-frames each time instead of looking where one more P-frame would be better, which costs a tenth of
 * an encode, and a look half as far again ahead, which gains as much as that loses.
 */
const quickParameters = ':b-adapt=0:rc-lookahead=15'

/** With effort: bits go where the eye sees noise least, and none to what only looks sharp. High effort looks further, for what is like it elsewhere. */
export function effortParameters(effort: PlannedRung['effort'], { width, height }: Pick<PlannedRung, 'width' | 'height'>): string {
  if (!effort) return quickParameters
  if (effort === 'fast') return ':aq-mode=2:psy=0'
  const macroblocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  const references = Math.min(REFERENCES_MAX, Math.max(1, Math.floor(DECODED_MACROBLOCKS_MAX / macroblocks)))
  return `:aq-mode=2:psy=0:b-adapt=2:bframes=5:me=umh:subme=9:ref=${references}`
}

function rungOptions(plan: VideoPlan, rung: PlannedRung, timescale: number, threads: number, span: FrameSpan): string[] {
  const isFirst = span.first === 0
  return [
    ...flags('-map', frameLabel(rung)),
    ...stripOptions,
    ...(rung.codec ? newerEncoder(plan, rung, rung.codec, threads, isFirst) : plainEncoder(plan, rung, threads, isFirst)),
    ...forcedKeyframes(plan, span, timescale),
    ...flags('-fps_mode', 'passthrough', '-enc_time_base', `1/${timescale}`),
    ...fragmentOptions(timescale),
  ]
}

/** A fragment for each keyframe, on the clock of the whole video. */
export function fragmentOptions(timescale: number): readonly string[] {
  return [
    ...flags('-f', 'mp4', '-video_track_timescale', `${timescale}`),
    ...flags('-movflags', '+frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+frag_discont+skip_trailer'),
  ]
}

/**
 * Keyframes where the copied rung has its own, so that players change between them. Of this chunk alone: ffmpeg makes one
 * of the next frame for each time that has passed.
 */
function forcedKeyframes({ keyframes, fps }: VideoPlan, { first, count }: FrameSpan, timescale: number): string[] {
  if (!keyframes) return []
  const { ticks } = frameRateOf(fps)
  const within = keyframes.filter((frame) => frame >= first && frame < first + count)
  return ['-forced-idr', '1', '-force_key_frames', within.map((frame) => secondsText((frame * ticks) / timescale)).join(',')]
}

/** How far apart an encoder puts keyframes of its own: never, where they are forced. */
function gridParameters({ keyframes, gopFrames, fps }: VideoPlan): string {
  return keyframes ? `keyint=${Math.ceil(fps * COPIED_GOP_SECONDS_MAX) + 1}:min-keyint=1` : `keyint=${gopFrames}:min-keyint=${gopFrames}`
}

function plainEncoder(plan: VideoPlan, rung: PlannedRung, threads: number, isFirst: boolean): string[] {
  return [
    // ISO/IEC 14496-15 5.4.2.1.2 recommends this name; left out, ffmpeg puts its encoder's there.
    ...flags('-metadata:s:v', 'encoder=AVC Coding'),
    ...encoderOptions(rung.effort, threads),
    ...flags('-crf', `${rung.crf}`, '-maxrate', `${rung.maxKbps}k`, '-bufsize', `${rung.maxKbps * 2}k`),
    ...flags(
      '-x264-params',
      `${gridParameters(plan)}:scenecut=0:open-gop=0${effortParameters(rung.effort, rung)}${isFirst ? '' : `:vbv-init=${VBV_INIT}:${FIRST_KEYFRAME}`}`,
    ),
    ...flags('-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'),
    // x264 writes its settings, and sources' captions, as SEI messages; none of them is needed to decode.
    ...flags('-a53cc', '0', '-bsf:v', 'filter_units=remove_types=6'),
  ]
}
