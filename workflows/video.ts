import { type ActivityOptions, CancellationScope, patched, setWorkflowOptions, sleep } from '@temporalio/workflow'
import { chunkTurns, isShorter, TURN_MS } from '../domain/chunk-turns.ts'
import { planSamples } from '../domain/complexity.ts'
import { lookIn } from '../domain/edits.ts'
import { mayBegin, planVideo } from '../domain/plan-video.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { type IngestInput, laterKey } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** Chunks of one video that wait in the queue at once: enough for many workers, few enough for fairness and history. */
const CHUNKS_IN_FLIGHT_MAX = 16

/** Shorter videos were not tried by earlier releases. */
const BRIEF_MS = 10_000

/** Half a minute of the usual length: what is shorter is not held up by the rest of what is longer. */
const EARLY_CHUNKS = 6
const LATER_WEIGHT = 0.25

/** {@link TURN_MS} as earlier releases had it, for the second chunk too. */
const EARLIER_TURN_MS = 30

/**
 * Whose turn a chunk takes. A video's first chunks take its tenant's; those behind them have a key of their own with a
 * quarter of the weight, so that a tenant's short videos pass the long ones that it sent before, and long ones still go on.
 */
function turnOf({ tenant }: IngestInput, index: number): Pick<ActivityOptions, 'priority'> {
  if (index < EARLY_CHUNKS) return {}
  return { priority: { fairnessKey: laterKey(tenant), fairnessWeight: LATER_WEIGHT } }
}

/** Whether the beginning is made playable before the rest; also of a video that is brought in again, since it is shown nowhere yet. */
function hasLead({ version, preset }: IngestInput, plan: VideoPlan): boolean {
  return mayBegin(plan, presetNamed(preset)) && (version === 1 || patched('lead-of-retry')) && patched('lead')
}

/** The probe with what trials tell, where the preset goes by title: the plan stays a function of probe and preset. */
async function lookedAt(input: IngestInput, probe: VideoProbe): Promise<VideoProbe> {
  const preset = presetNamed(input.preset)
  if (!preset.video.byTitle || !planSamples(planVideo(probe, preset, lookIn(input)))) return probe
  if (probe.durationMs < BRIEF_MS && !patched('brief-trials')) return probe
  showStage('develop', 'Trials on samples.')
  const complexity = await activity('tryTitle')(input, probe)
  return complexity ? { ...probe, complexity } : probe
}

/**
 * The beginning first, in low rungs, and the poster, so that it can be played at once; then audio and chunks side by
 * side on whatever workers there are; then the playlists around them.
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
      const summary = `chunk ${index + 1} of ${total}`
      await activity('encodeChunk', { summary, ...turnOf(input, index) })(input, probe, index)
      done += 1
      shown()
    }
  }
  await CancellationScope.cancellable(async () => {
    const poster = activity('makePoster')(input, probe)
    const parts: Promise<unknown>[] = [poster]
    let playable: Promise<unknown> | null = null
    let isWatched = false
    try {
      if (hasLead(input, plan)) {
        next = 1
        const lead = activity('encodeLead')(input, probe)
        const begun = Promise.all([lead, poster])
        parts.push(begun)
        // The first chunk and the sound go on from what the lead has stored: its addresses are in players' hands.
        if (patched('second-early')) {
          // What is played next takes the core that the lead leaves.
          const second = lead.then(async () => await encodeInTurn())
          // It may fail while this waits for something else: it is looked at with all parts.
          second.catch(() => undefined)
          parts.push(second)
          await begun
          playable = activity('announcePlayable')(input, probe)
          // Nothing begins beside what viewers wait for.
          isWatched = patched('announce-first')
          if (isWatched) await playable
          parts.push(playable, encodeInTurn(0))
          if (plan.audio) parts.push(activity('encodeAudio')(input, probe))
        } else if (patched('begin-alone')) {
          // Nothing else of the video takes a core from its beginning; then what is played next goes first.
          await begun
          parts.push(activity('announcePlayable')(input, probe), encodeInTurn(), encodeInTurn(0))
          if (plan.audio) parts.push(activity('encodeAudio')(input, probe))
        } else {
          if (plan.audio) parts.push(lead.then(() => activity('encodeAudio')(input, probe)))
          parts.push(lead.then(() => encodeInTurn(0)))
          parts.push(begun.then(() => activity('announcePlayable')(input, probe)))
        }
      } else if (plan.audio) parts.push(activity('encodeAudio')(input, probe))
      for (const at of plan.otherSounds?.keys() ?? [])
        parts.push(activity('encodeOtherSound', { summary: `sound ${at + 2}` })(input, probe, at + 1))
      const lanes = Math.min(total, CHUNKS_IN_FLIGHT_MAX) - next
      const isOrdered = lanes > 0 && patched('longer-first')
      if (!isOrdered && patched('storyboard')) parts.push(activity('makeStoryboard')(input, probe))
      if (plan.captions && patched('captions')) parts.push(activity('extractCaptions')(input, probe))
      if (isOrdered) {
        let turn = playable
        let turnMs = 0
        for (const ms of chunkTurns(plan.chunks, next, lanes, isWatched)) {
          // What is watched is taken in order, by whoever is done: a lane that comes later finds less to do.
          const first = isWatched ? undefined : next++
          if (ms > turnMs) turn = sleep((turnMs = ms))
          parts.push(turn ? turn.then(async () => await encodeInTurn(first)) : encodeInTurn(first))
        }
        // Shorter than any chunk, and not shown before the video is ready: it fills what is left at the end.
        parts.push(sleep(turnMs + TURN_MS).then(async () => await activity('makeStoryboard', turnOf(input, total))(input, probe)))
      } else {
        const isEarlier = lanes > 0 && patched('long-first')
        let laterMs = isEarlier && next > 1 ? EARLIER_TURN_MS : 0
        for (let lane = 0; lane < lanes; lane += 1) {
          const first = next++
          if (isEarlier && isShorter(plan.chunks, first)) laterMs += EARLIER_TURN_MS
          parts.push(laterMs === 0 ? encodeInTurn(first) : sleep(laterMs).then(async () => await encodeInTurn(first)))
        }
      }
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
