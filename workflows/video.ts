import { CancellationScope, patched, setWorkflowOptions } from '@temporalio/workflow'
import { planSamples } from '../domain/complexity.ts'
import { lookIn } from '../domain/edits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** Chunks of one video that wait in the queue at once: enough for many workers, few enough for fairness and history. */
const CHUNKS_IN_FLIGHT_MAX = 16

/**
 * Whether the beginning is made playable before the rest: not where one chunk is all there is, nor for a later
 * version, since until it is ready the one before is shown, nor where it is encrypted: growing playlists are not signed.
 */
function hasLead({ version, preset }: IngestInput, chunks: number): boolean {
  return version === 1 && !presetNamed(preset).video.encryption && chunks > 1 && patched('lead')
}

/** The probe with what trials tell, where the preset goes by title: the plan stays a function of probe and preset. */
async function lookedAt(input: IngestInput, probe: VideoProbe): Promise<VideoProbe> {
  const preset = presetNamed(input.preset)
  if (!preset.video.byTitle || !planSamples(planVideo(probe, preset, lookIn(input)))) return probe
  showStage('develop', 'Trials on samples.')
  const complexity = await activity('tryTitle')(input, probe)
  return complexity ? { ...probe, complexity } : probe
}

/**
 * The beginning first, in low rungs, so that it can be played at once; poster, audio and chunks side by side on
 * whatever workers there are; then the playlists around them.
 * When one part fails for good the rest is cancelled at once and its encoders are killed.
 */
export async function video(input: IngestInput, admitted: VideoProbe): Promise<void> {
  const probe = await lookedAt(input, admitted)
  const plan = planVideo(probe, presetNamed(input.preset), lookIn(input))
  const total = plan.chunks.length
  let done = 0
  let next = 0
  const shown = () => showStage('develop', `${plan.rungs.map((rung) => rung.name).join(', ')}: ${done} of ${total} chunks.`)
  shown()
  const encodeInTurn = async (first = next++) => {
    for (let index = first; index < total; index = next++) {
      await activity('encodeChunk', `chunk ${index + 1} of ${total}`)(input, probe, index)
      done += 1
      shown()
    }
  }
  await CancellationScope.cancellable(async () => {
    const poster = activity('makePoster')(input, probe)
    const parts: Promise<unknown>[] = [poster]
    if (hasLead(input, total)) {
      next = 1
      const lead = activity('encodeLead')(input, probe)
      // The first chunk and the sound go on from what the lead has stored: its addresses are in players' hands.
      if (plan.audio) parts.push(lead.then(() => activity('encodeAudio')(input, probe)))
      parts.push(lead.then(() => encodeInTurn(0)))
      parts.push(Promise.all([lead, poster]).then(() => activity('announcePlayable')(input, probe)))
    } else if (plan.audio) parts.push(activity('encodeAudio')(input, probe))
    for (const at of plan.otherSounds?.keys() ?? []) parts.push(activity('encodeOtherSound', `sound ${at + 2}`)(input, probe, at + 1))
    if (patched('storyboard')) parts.push(activity('makeStoryboard')(input, probe))
    if (plan.captions && patched('captions')) parts.push(activity('extractCaptions')(input, probe))
    const lanes = Math.min(total, CHUNKS_IN_FLIGHT_MAX) - next
    for (let lane = 0; lane < lanes; lane += 1) parts.push(encodeInTurn())
    try {
      await Promise.all(parts)
    } catch (error) {
      CancellationScope.current().cancel()
      await Promise.allSettled(parts)
      throw error
    }
  })
  if (patched('mp4')) await activity('makeMp4')(input, probe)
  await activity('assembleVideo')(input, probe)
  showStage('done', `${total} chunks in ${plan.rungs.length} rungs.`)
}
setWorkflowOptions({ versioningBehavior: 'AUTO_UPGRADE' }, video)
