import { loudnessGainDb } from '../domain/loudness.ts'
import type { VideoPlan } from '../domain/plans.ts'
import type { VideoStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { videoSteps } from './video-steps.ts'

/**
 * How loud the sound is to be encoded: measured once for an item, so that the lead and the whole track have one gain.
 * A lead that was made before there was a measure keeps its loudness, and so does the rest of it.
 */
export async function soundLevel(
  steps: ReturnType<typeof videoSteps>,
  videos: VideoStudio,
  input: IngestInput,
  plan: VideoPlan,
  source: string,
  signal: AbortSignal,
): Promise<{ readonly gainDb?: number; readonly peakDb?: number }> {
  const target = presetNamed(input.preset).video.loudness
  if (!target) return {}
  const measure = async () => {
    const measured = await videos.measureLoudness(source, plan, { signal })
    return measured && { ...measured, gainDb: loudnessGainDb(measured, target) }
  }
  const late = (await steps.peek('lead')) !== null
  const loudness = late ? await steps.peek('loudness') : await steps.once('loudness', measure)
  return loudness ? { gainDb: loudness.gainDb, peakDb: target.truePeakDb } : {}
}
