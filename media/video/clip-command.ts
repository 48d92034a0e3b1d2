import { turningOf } from '../../domain/framing.ts'
import { frameRateOf, framesOf } from '../../domain/plan-video.ts'
import type { VideoPlan } from '../../domain/plans.ts'
import { audioFilters } from './audio-command.ts'
import { demuxerOf, flags, openOptions, runOptions, secondsText, sourceUrl, stripOptions, type Command } from './command.ts'
import { alphaDecoder, deinterlacing, pictureFilters, type PictureTools } from './picture-filter.ts'

export const CLIP_FILE = 'clip.mp4'

/** Where nothing is drawn there is white, as in the stills of the same picture: colours are inverted, laid on black and inverted again. */
const onWhite = [
  'format=gbrap',
  'negate',
  'premultiply=inplace=1',
  'format=gbrp',
  'negate',
  'scale=out_color_matrix=bt709:out_range=tv',
  'format=yuv444p',
]

/**
 * The command for one whole MP4 of the plan's first rung, with the plan's sound: small enough to be fetched at once,
 * so it is not fragmented and its index comes first. Frames lie on the plan's grid, the last one for as long as it is shown.
 */
export function clipCommand(source: string, plan: VideoPlan, options: PictureTools & { readonly pixelsMax: number }): Command {
  const [rung] = plan.rungs
  const [first] = plan.chunks
  const last = plan.chunks.at(-1)
  if (!rung || !first || !last) throw new Error('a plan without frames')
  const { timescale, ticks } = frameRateOf(plan.fps)
  const end = framesOf(plan, last)
  const count = end.first + end.count
  const { frames, alpha, ...pixels } = plan
  const filters = [
    `setpts=round(PTS-(${secondsText(first.startSeconds)})/TB)`,
    ...deinterlacing(plan),
    ...(frames ? onWhite : []),
    ...upright(plan.orientation ?? 1),
    ...pictureFilters(frames || !alpha ? pixels : plan, options),
    `fps=fps=${timescale}/${ticks}:start_time=0`,
    'tpad=stop=-1:stop_mode=clone',
    `trim=end_frame=${count}`,
  ]
  const sound = plan.audio ? [`[0:${plan.audio.streamIndex}]${audioFilters(plan).join(',')}[sound]`] : []
  return {
    inputOptions: [
      ...runOptions(),
      ...flags('-max_error_rate', '0.2'),
      ...openOptions(source, demuxerOf(plan)),
      ...alphaDecoder(plan),
      ...flags('-threads', '1', '-max_pixels', `${options.pixelsMax}`, '-copyts'),
    ],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-filter_complex', [`[0:${plan.videoStreamIndex}]${filters.join(',')}[picture]`, ...sound].join(';')),
          ...flags('-map', '[picture]', ...(plan.audio ? ['-map', '[sound]'] : [])),
          ...stripOptions,
          ...flags('-metadata:s:v', 'encoder=AVC Coding'),
          ...flags('-c:v', 'libx264', '-preset', 'fast', '-profile:v', 'high', '-pix_fmt', 'yuv420p', '-threads', '1'),
          ...flags('-crf', `${rung.crf}`, '-maxrate', `${rung.maxKbps}k`, '-bufsize', `${rung.maxKbps * 2}k`),
          ...flags('-color_primaries', 'bt709', '-color_trc', 'bt709', '-colorspace', 'bt709', '-color_range', 'tv'),
          ...flags('-a53cc', '0', '-bsf:v', 'filter_units=remove_types=6', '-fps_mode', 'passthrough', '-enc_time_base', `1/${timescale}`),
          ...(plan.audio ? flags('-c:a', 'aac', '-profile:a', 'aac_low', '-b:a', `${plan.audio.kbps}k`, '-flags:a', '+bitexact') : []),
          ...flags('-f', 'mp4', '-video_track_timescale', `${timescale}`, '-movflags', '+faststart'),
        ],
        target: CLIP_FILE,
      },
    ],
  }
}

function upright(orientation: number): string[] {
  const { mirrored, turn } = turningOf(orientation)
  const turns: Readonly<Record<number, string>> = { 90: 'transpose=clock', 180: 'hflip,vflip', 270: 'transpose=cclock' }
  return [...(mirrored ? ['hflip'] : []), ...(turns[turn] === undefined ? [] : [turns[turn]])]
}
