import { frameRateOf, framesOf } from '../../domain/plan-video.ts'
import type { PlannedChunk, PlannedRung, VideoPlan } from '../../domain/plans.ts'
import {
  type Command,
  demuxerOf,
  flags,
  lookingFirst,
  openOptions,
  runOptions,
  secondsText,
  seekOptions,
  sourceUrl,
  stripOptions,
} from './command.ts'
import { fragmentOptions, rungFile } from './ladder-command.ts'

/**
 * The output of a chunk of the source's own picture, not encoded anew, on the clock of the plan. A chunk begins at a keyframe
 * and is whole groups, so it is so many packets; what is between keyframes is not looked at. The source has to be open at the
 * chunk's own keyframe, as {@link copyCommand} and the ladder of such a plan have it, and looked at first ({@link lookingFirst}).
 */
function copyOutput(plan: VideoPlan, rung: PlannedRung, chunk: PlannedChunk): Command['outputs'][number] {
  const { timescale } = frameRateOf(plan.fps)
  const { count } = framesOf(plan, chunk)
  const origin = secondsText(plan.chunks[0]?.startSeconds ?? chunk.startSeconds)
  const clock = (name: 'PTS' | 'DTS') => `${name}-round(${origin}/TB)`
  return {
    options: [
      ...flags('-map', `0:${plan.videoStreamIndex}`),
      ...stripOptions,
      ...flags('-metadata:s:v', 'encoder=AVC Coding', '-c:v', 'copy', '-frames:v', `${count}`),
      ...flags('-bsf:v', `filter_units=remove_types=6,setts=pts=${clock('PTS')}:dts=${clock('DTS')}`),
      ...fragmentOptions(timescale),
    ],
    target: rungFile(rung),
  }
}

/** A run of the chunk's ladder with what the plan copies as further outputs; as it is where that is nothing. */
export function withCopies(ladder: Command, plan: VideoPlan, chunk: PlannedChunk): Command {
  const copied = plan.rungs.filter((rung) => rung.copied)
  if (copied.length === 0) return ladder
  return { ...lookingFirst(ladder), outputs: [...ladder.outputs, ...copied.map((rung) => copyOutput(plan, rung, chunk))] }
}

/** The command that copies a chunk of a plan in which nothing is encoded. */
export function copyCommand(source: string, plan: VideoPlan, rung: PlannedRung, chunk: PlannedChunk): Command {
  const { timescale, ticks } = frameRateOf(plan.fps)
  return {
    inputOptions: [
      ...runOptions(),
      ...openOptions(source, demuxerOf(plan)),
      '-copyts',
      // Half a frame late: a time that was rounded down would find the keyframe before.
      ...seekOptions(chunk.startSeconds + ticks / timescale / 2),
    ],
    source: sourceUrl(source),
    outputs: [copyOutput(plan, rung, chunk)],
  }
}
