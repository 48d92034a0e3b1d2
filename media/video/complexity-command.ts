import { type SamplePlan, trialCrfs } from '../../domain/complexity.ts'
import type { PlannedRung, VideoPlan } from '../../domain/plans.ts'
import { flags, knownOptions, runOptions, seekOptions, sourceUrl, stripOptions, type Command } from './command.ts'
import { effortParameters, encoderOptions } from './ladder-command.ts'
import { alphaDecoder, deinterlacing, pictureFilters, type PictureTools } from './picture-filter.ts'

/** The trials' files, in the order of the comparison's inputs. */
export const trialNames = ['fixed', 'coarse', 'eager', 'small'] as const
export type TrialName = (typeof trialNames)[number]
export const REFERENCE_FILE = 'reference.nut'

export function trialFile(name: TrialName): string {
  return `${name}.h264`
}

export function ssimFile(name: TrialName): string {
  return `${name}.ssim`
}

/**
 * The command for one sample: from the keyframe before `startSeconds`, decoded once, brought to the trials' size,
 * kept as it is and encoded four times.
 */
export function trialCommand(
  source: string,
  plan: VideoPlan,
  samples: SamplePlan,
  startSeconds: number,
  options: PictureTools & { readonly pixelsMax: number },
): Command {
  const { size, smallSize } = samples
  const atSize = { ...plan, rungs: plan.rungs.slice(0, 1).map((top) => ({ ...top, ...size })) }
  const graph = [
    `[0:${plan.videoStreamIndex}]${[...deinterlacing(plan), ...pictureFilters(atSize, options)].join(',')}`,
    `fps=${plan.fps.toFixed(3)},trim=end_frame=${samples.frames},split=5[reference][fixed][coarse][eager][full];[full]scale=w=${smallSize.width}:h=${smallSize.height}:flags=bicubic[small]`,
  ].join(',')
  const frames = flags('-frames:v', `${samples.frames}`)
  const trial = (name: TrialName, effort: PlannedRung['effort']) => ({
    options: [
      ...flags('-map', `[${name}]`),
      ...stripOptions,
      ...encoderOptions(effort, 1),
      ...flags('-crf', `${trialCrfs[name]}`, '-x264-params', `keyint=${plan.gopFrames}:scenecut=0${effortParameters(effort, size)}`),
      ...frames,
      ...flags('-fps_mode', 'passthrough', '-f', 'h264'),
    ],
    target: trialFile(name),
  })
  return {
    inputOptions: [
      ...runOptions(),
      ...flags('-filter_complex_threads', '1', '-max_error_rate', '1'),
      ...knownOptions(source, plan),
      ...alphaDecoder(plan),
      ...flags('-threads', '1', '-max_pixels', `${options.pixelsMax}`),
      ...seekOptions(startSeconds),
    ],
    source: sourceUrl(source),
    outputs: [
      {
        options: [
          ...flags('-filter_complex', graph),
          ...flags('-map', '[reference]'),
          ...stripOptions,
          ...flags('-c:v', 'rawvideo', ...frames, '-fps_mode', 'passthrough', '-f', 'nut'),
        ],
        target: REFERENCE_FILE,
      },
      trial('fixed', undefined),
      trial('coarse', undefined),
      trial('eager', 'high'),
      trial('small', undefined),
    ],
  }
}

/** The command that compares each trial with what went into it, frame by frame; the smaller one enlarged. */
export function ssimCommand({ size }: SamplePlan): Command {
  const inTurn = 'settb=1/25,setpts=N'
  const references = trialNames.map((name) => `[r-${name}]`).join('')
  const graph = [
    `[${trialNames.length}:v]${inTurn},split=${trialNames.length}${references}`,
    ...trialNames.flatMap((name, at) => [
      `[${at}:v]${inTurn},scale=w=${size.width}:h=${size.height}:flags=bicubic[t-${name}]`,
      `[t-${name}][r-${name}]ssim=stats_file=${ssimFile(name)}[o-${name}]`,
    ]),
  ]
  return {
    inputOptions: [
      ...runOptions(),
      ...flags('-filter_complex_threads', '1'),
      ...trialNames.flatMap((name) => flags('-threads', '1', '-f', 'h264', '-i', `file:${trialFile(name)}`)),
      ...flags('-f', 'nut'),
    ],
    source: `file:${REFERENCE_FILE}`,
    outputs: trialNames.map((name, at) => ({
      options: [...(at === 0 ? flags('-filter_complex', graph.join(';')) : []), ...flags('-map', `[o-${name}]`), ...flags('-f', 'null')],
      target: '-',
    })),
  }
}

/** Mean over a stats file's frames, all planes together. */
export function meanSsim(stats: string): number {
  const values = [...stats.matchAll(/ All:([\d.]+)/g)].map(([, value]) => Number(value))
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
