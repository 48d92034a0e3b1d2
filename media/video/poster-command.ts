import type { VideoPlan } from '../../domain/plans.ts'
import { openOptions, runOptions, secondsText, sourceUrl, stripOptions, type Command } from './command.ts'
import { pictureFilters, type PictureTools } from './picture-filter.ts'

/** How far past the plan's time a better frame is looked for, and how many candidates a second. */
const WINDOW_SECONDS = 8
const CANDIDATES_PER_SECOND = 4
/** Mean luma (of 255) below which a frame counts as black: fades and title cards lie under it. */
const LUMA_MIN = 40
export const POSTER_FILE = 'poster.png'

/**
 * The command for one frame as PNG at the ladder's largest size: of the frames in a window after the plan's
 * time the most typical one that is not dark; with `anyLuma` the first frame there is, dark or not.
 */
export function posterCommand(
  source: string,
  plan: VideoPlan,
  options: PictureTools & { readonly pixelsMax: number; readonly anyLuma: boolean },
): Command {
  const choice = options.anyLuma
    ? []
    : [
        `fps=${CANDIDATES_PER_SECOND}`,
        'signalstats',
        `metadata=mode=select:key=lavfi.signalstats.YAVG:value=${LUMA_MIN}:function=greater`,
        'thumbnail=n=12',
      ]
  const origin = plan.chunks[0]?.startSeconds ?? 0
  const at = options.anyLuma ? origin : plan.posterSeconds
  return {
    inputOptions: [
      ...runOptions(),
      ...openOptions(source),
      ...['-threads', '1', '-max_pixels', `${options.pixelsMax}`],
      ...(at > origin ? ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', secondsText(at)] : []),
      ...(options.anyLuma ? [] : ['-t', `${WINDOW_SECONDS}`]),
    ],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...[
            '-filter_complex',
            `[0:${plan.videoStreamIndex}]${[...pictureFilters(plan, options), ...choice].join(',')},format=rgb24[poster]`,
          ],
          ...['-map', '[poster]'],
          ...stripOptions,
          ...['-frames:v', '1', '-c:v', 'png', '-f', 'image2', '-update', '1'],
        ],
        target: POSTER_FILE,
      },
    ],
  }
}
