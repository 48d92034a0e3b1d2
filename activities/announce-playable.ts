import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { CheckpointStore, MediaStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { appearanceIn, mediaTypes } from '../domain/media.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { playableData, type ItemUrls } from '../events/build.ts'
import { must } from './draft.ts'
import { videoSteps } from './video-steps.ts'

export interface PlayableDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly urls: ItemUrls
}

/**
 * State playable and event media.playable in one transaction: lead and poster are there, the rest is being
 * encoded. An item that is past this is left as it is.
 */
export function announcePlayable({ catalog, urls }: PlayableDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<void> => {
    const row = await catalog.get(input.mediaId)
    if (row?.state !== 'processing' && row?.state !== 'playable') return
    const steps = videoSteps(catalog, input)
    const plan = planVideo(probe, presetNamed(input.preset), input)
    const poster = await steps.finished('poster')
    const manifest = {
      kind: 'video' as const,
      version: input.version,
      width: plan.width,
      height: plan.height,
      blurhash: poster.blurhash,
      ...appearanceIn(poster),
      durationMs: plan.durationMs,
      renditions: poster.renditions,
      parts: [],
      poster: must(poster.renditions.find((file) => file.type === mediaTypes.jpg)).name,
    }
    await catalog.publish(input.mediaId, manifest, await steps.finished('facts'), poster.fingerprint)
    await catalog.settle(input.mediaId, { state: 'playable', event: playableData({ ...row, manifest }, urls) })
  }
}
