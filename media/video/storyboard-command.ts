import type { VideoPlan } from '../../domain/plans.ts'
import type { Storyboard } from '../../domain/storyboard.ts'
import { flags, knownOptions, runOptions, secondsText, seekOptions, sourceUrl, stripOptions, type Command } from './command.ts'
import { alphaDecoder, deinterlacing, pictureFilters, type PictureTools } from './picture-filter.ts'

export const STORYBOARD_FILE = 'storyboard.jpg'

/** The plan with the pictures' size as its only rung, so that nothing larger is made on the way. */
export function atPictureSize(plan: VideoPlan, { width, height }: Storyboard): VideoPlan {
  return { ...plan, rungs: plan.rungs.slice(0, 1).map((top) => ({ ...top, width, height })) }
}

/**
 * The command for a storyboard's sheet, from the source's keyframes alone: between two of them the earlier one
 * stands for the time. `plan` is one of {@link atPictureSize}. Damage is passed over; what cannot be decoded leaves the picture before in its place.
 */
export function storyboardCommand(
  source: string,
  plan: VideoPlan,
  board: Storyboard,
  options: PictureTools & { readonly pixelsMax: number },
): Command {
  const origin = plan.chunks[0]?.startSeconds ?? 0
  const filters = [
    `setpts=round(PTS-(${secondsText(origin)})/TB)`,
    ...deinterlacing(plan),
    ...pictureFilters(plan, options),
    `fps=fps=1000/${board.intervalMs}:start_time=0:eof_action=pass`,
    'tpad=stop=-1:stop_mode=clone',
    `trim=end_frame=${board.count}`,
    `tile=${board.columns}x${board.rows}`,
    'scale=in_color_matrix=bt709:in_range=tv:out_color_matrix=bt601:out_range=pc',
    'format=yuvj420p',
  ]
  return {
    inputOptions: [
      ...runOptions(),
      ...flags('-max_error_rate', '1'),
      ...knownOptions(source, plan),
      ...alphaDecoder(plan),
      ...flags('-threads', '1', '-max_pixels', `${options.pixelsMax}`, '-skip_frame', 'nokey', '-copyts'),
      ...(plan.inside ? seekOptions(origin) : []),
    ],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-filter_complex', `[0:${plan.videoStreamIndex}]${filters.join(',')}[sheet]`),
          ...flags('-map', '[sheet]'),
          ...stripOptions,
          ...flags('-frames:v', '1', '-c:v', 'mjpeg', '-q:v', '5', '-flags:v', '+bitexact', '-f', 'image2', '-update', '1'),
        ],
        target: STORYBOARD_FILE,
      },
    ],
  }
}
