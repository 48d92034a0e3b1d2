import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { soundLevel } from './sound-level.ts'
import { sealFor } from './seal.ts'
import { storeAudio } from './store-track.ts'
import { videoSteps } from './video-steps.ts'

/** The audio track, once and whole: encoders add samples at every start, so chunks of audio would drift. */
export function encodeAudio({ catalog, objects, blobs, videos, contentKeys }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const steps = videoSteps(catalog, input)
      const stored = await steps.once('audio', async () => {
        const plan = planVideo(probe, presetNamed(input.preset), input)
        const source = await locateSource(objects, input.mediaId, plan)
        const level = await soundLevel(steps, videos, input, plan, source, signal)
        const track = await videos.encodeAudio(source, plan, {
          ...level,
          signal,
          onProgress: (fraction) => report({ percent: Math.round(fraction * 100) }),
        })
        return await storeAudio(blobs, input, track, (await steps.peek('lead'))?.audio ?? null, sealFor(contentKeys, input))
      })
      return { segments: stored.segments.length }
    })
}
