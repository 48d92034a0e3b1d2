import type { VideoPlan } from '../../domain/plans.ts'
import { flags, knownOptions, runOptions, secondsText, seekOptions, sourceUrl, stripOptions, type Command } from './command.ts'
import { alphaDecoder, deinterlacing, pictureFilters, type PictureTools } from './picture-filter.ts'

/** Seconds after the plan's time in which a frame is looked for. */
const WINDOW_SECONDS = 8
/** Mean luma (of 255) below which a frame counts as black: fades and title cards lie under it. */
const LUMA_MIN = 40
export const POSTER_FILE = 'poster.png'

/**
 * Where a poster is looked for, in this order, until there is one, where no candidate will do: among the keyframes (they
 * cost next to nothing to decode and look best), then among all frames, and for a film that is dark all along its first frame.
 */
export const posterTries = ['keyframes', 'frames', 'first'] as const
/** Or the candidate at a time in the source, seconds. */
export type PosterTry = (typeof posterTries)[number] | number

/** The file of a candidate: its luma, row by row. */
export function candidateFile(at: number): string {
  return `candidate-${at}.gray`
}

/** The first frame there is, also one that lies before the time that was asked for: on a grid of time it would be dropped, and a further keyframe decoded. */
const asItIs = flags('-fps_mode', 'passthrough')

/**
 * What opens a film at a candidate: the keyframe before its time; where the film is trimmed the very time, since what comes before is
 * not to be shown. A decoder gives out a picture when it has as many as may come before it: of camera films three
 * keyframes are several times the work of one and the two pictures after it.
 */
function openedAt(source: string, plan: VideoPlan, seconds: number, pixelsMax: number): string[] {
  return [
    ...knownOptions(source, plan),
    ...alphaDecoder(plan),
    ...flags('-threads', '1', '-max_pixels', `${pixelsMax}`, '-an', '-sn'),
    ...(plan.inside ? [] : ['-skip_frame', 'noref', '-noaccurate_seek']),
    ...flags('-seek_timestamp', '1', '-ss', secondsText(seconds)),
  ]
}

/** Of the pictures of {@link openedAt}: what lies before a keyframe and was decoded without what lies before that is passed over. */
function itsKeyframe({ inside }: VideoPlan): string[] {
  return inside ? [] : ['select=key']
}

/** The command that lays down the luma of candidates at some times, little and without a look, from one opening of the source each. */
export function candidatesCommand(
  source: string,
  plan: VideoPlan,
  seconds: readonly number[],
  size: { readonly width: number; readonly height: number },
  options: PictureTools & { readonly pixelsMax: number },
): Command {
  const { edits: _, ...plain } = plan
  const little = { ...plain, filter: null, rungs: plan.rungs.slice(0, 1).map((top) => ({ ...top, ...size })) }
  const filters = [...itsKeyframe(plan), ...deinterlacing(plan), ...pictureFilters(little, options), 'format=gray'].join(',')
  const [first = 0, ...more] = seconds
  return {
    inputOptions: [...runOptions(), ...flags('-max_error_rate', '1'), ...openedAt(source, plan, first, options.pixelsMax)],
    source: sourceUrl(source),
    moreInputs: more.map((at) => ({ options: openedAt(source, plan, at, options.pixelsMax), source: sourceUrl(source) })),
    outputs: seconds.map((_, at) => ({
      options: [
        ...flags('-filter_complex', `[${at}:${plan.videoStreamIndex}]${filters}[c${at}]`, '-map', `[c${at}]`),
        ...flags(...asItIs, '-frames:v', '1', '-c:v', 'rawvideo', '-f', 'rawvideo'),
      ],
      target: candidateFile(at),
    })),
  }
}

/** The command for one frame as PNG at the ladder's largest size: of the candidates that are not dark the most typical one. */
export function posterCommand(
  source: string,
  plan: VideoPlan,
  posterTry: PosterTry,
  options: PictureTools & { readonly pixelsMax: number },
): Command {
  const origin = plan.chunks[0]?.startSeconds ?? 0
  const isSure = posterTry === 'first' || typeof posterTry === 'number'
  const at = posterTry === 'first' ? origin : plan.posterSeconds
  const bright = ['signalstats', `metadata=mode=select:key=lavfi.signalstats.YAVG:value=${LUMA_MIN}:function=greater`, 'thumbnail=n=12']
  const filters = [
    ...(typeof posterTry === 'number' ? itsKeyframe(plan) : []),
    ...deinterlacing(plan),
    ...(posterTry === 'frames' ? ['fps=2'] : []),
    ...pictureFilters(plan, options),
    ...(isSure ? [] : bright),
    // Said outright: left alone, ffmpeg takes small pictures for BT.601, and its quicker way comes out a step too dark.
    'scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int',
    'format=rgb24',
  ]
  const window = () => [
    ...knownOptions(source, plan),
    ...alphaDecoder(plan),
    ...flags('-threads', '1', '-max_pixels', `${options.pixelsMax}`),
    ...(posterTry === 'keyframes' ? ['-skip_frame', 'nokey'] : []),
    ...(at > origin || plan.inside ? seekOptions(at) : []),
    ...(posterTry === 'first' ? [] : ['-t', `${WINDOW_SECONDS}`]),
  ]
  return {
    inputOptions: [...runOptions(), ...(typeof posterTry === 'number' ? openedAt(source, plan, posterTry, options.pixelsMax) : window())],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-filter_complex', `[0:${plan.videoStreamIndex}]${filters.join(',')}[poster]`),
          ...flags('-map', '[poster]'),
          ...stripOptions,
          ...(typeof posterTry === 'number' ? asItIs : []),
          // Not packed: it is read once, and at once.
          ...flags('-frames:v', '1', '-c:v', 'png', '-compression_level', '0', '-f', 'image2', '-update', '1'),
        ],
        target: POSTER_FILE,
      },
    ],
  }
}
