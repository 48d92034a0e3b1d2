import { CancellationScope, setWorkflowOptions } from '@temporalio/workflow'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { activity } from './policy.ts'
import { showStage } from './stage.ts'

/** Chunks of one video that wait in the queue at once: enough for many workers, few enough for fairness and history. */
const CHUNKS_IN_FLIGHT_MAX = 16

/**
 * Poster, audio and chunks side by side on whatever workers there are, then the playlists around them.
 * When one part fails for good the rest is cancelled at once and its encoders are killed.
 */
export async function video(input: IngestInput, probe: VideoProbe): Promise<void> {
  const plan = planVideo(probe, presetNamed(input.preset), { filter: input.filter })
  const total = plan.chunks.length
  let done = 0
  let next = 0
  const shown = () => showStage('develop', `${plan.rungs.map((rung) => rung.name).join(', ')}: ${done} of ${total} chunks.`)
  shown()
  const encodeInTurn = async () => {
    while (next < total) {
      const index = next++
      await activity('encodeChunk', `chunk ${index + 1} of ${total}`)(input, probe, index)
      done += 1
      shown()
    }
  }
  await CancellationScope.cancellable(async () => {
    const parts = [
      activity('makePoster')(input, probe),
      ...(plan.audio ? [activity('encodeAudio')(input, probe)] : []),
      ...Array.from({ length: Math.min(total, CHUNKS_IN_FLIGHT_MAX) }, encodeInTurn),
    ]
    try {
      await Promise.all(parts)
    } catch (error) {
      CancellationScope.current().cancel()
      await Promise.allSettled(parts)
      throw error
    }
  })
  await activity('assembleVideo')(input, probe)
  showStage('done', `${total} chunks in ${plan.rungs.length} rungs.`)
}
setWorkflowOptions({ versioningBehavior: 'PINNED' }, video)
