import { type Loudness, loudnessGainDb } from '../domain/loudness.ts'
import type { VideoPlan } from '../domain/plans.ts'
import type { VideoStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { videoSteps } from './video-steps.ts'

export interface SoundLevel {
  readonly gainDb?: number
  readonly peakDb?: number
}

/** How loud the plan's sound is, and is to be made; null where the preset leaves it as it is, or nothing can be heard. */
export async function measuredLevel(
  videos: VideoStudio,
  { preset }: IngestInput,
  plan: VideoPlan,
  source: string,
  signal: AbortSignal,
): Promise<{ readonly loudness: Loudness; readonly options: SoundLevel } | null> {
  const target = presetNamed(preset).video.loudness
  const measured = target && (await videos.measureLoudness(source, plan, { signal }))
  if (!measured) return null
  const gainDb = loudnessGainDb(measured, target)
  return { loudness: { ...measured, gainDb }, options: { gainDb, peakDb: target.truePeakDb } }
}

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
): Promise<SoundLevel> {
  const target = presetNamed(input.preset).video.loudness
  if (!target) return {}
  const measure = async () => (await measuredLevel(videos, input, plan, source, signal))?.loudness ?? null
  const late = (await steps.peek('lead')) !== null
  const loudness = late ? await steps.peek('loudness') : await steps.once('loudness', measure)
  return loudness ? { gainDb: loudness.gainDb, peakDb: target.truePeakDb } : {}
}
