import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { ContentKeys } from '../domain/content-keys.ts'
import type { BlobStore, CheckpointStore, MediaStore, ObjectStore, VideoStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { must } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { sealFor } from './seal.ts'
import { storeChunk } from './store-track.ts'
import { videoSteps } from './video-steps.ts'

export interface EncodeDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly objects: ObjectStore
  readonly blobs: BlobStore
  readonly videos: VideoStudio
  /** Null where there is no secret for them. */
  readonly contentKeys: ContentKeys | null
}

/**
 * The whole ladder of one chunk from one decode, packed as one batch. Of the video's plan only the probe
 * and the chunk's index travel; the plan is computed again, being a pure function of them.
 */
export function encodeChunk({ catalog, objects, blobs, videos, contentKeys }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe, index: number): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const plan = planVideo(probe, presetNamed(input.preset), input)
      const chunk = must(plan.chunks[index])
      const steps = videoSteps(catalog, input)
      const stored = await steps.once(`chunk:${index}`, async () => {
        // What the lead has of the first chunk is in players' hands and stays as it is.
        const lead = index === 0 ? ((await steps.peek('lead'))?.chunk.rungs ?? []) : []
        const missing = plan.rungs.filter((rung) => !lead.some((done) => done.rung === rung.index))
        if (missing.length === 0) return { rungs: lead }
        const source = await locateSource(objects, input.mediaId, plan)
        const rungs = await videos.encodeChunk(source, { ...plan, rungs: missing }, chunk, {
          signal,
          onProgress: (fraction) => report({ chunk: index, percent: Math.round(fraction * 100) }),
        })
        const fresh = await storeChunk(blobs, input, index, rungs, (rung) => must(plan.rungs[rung]).name, sealFor(contentKeys, input))
        return { rungs: [...fresh.rungs, ...lead] }
      })
      const finished = await catalog.finishedSteps(input.mediaId, input.version)
      const done = finished.filter((step) => step.startsWith('chunk:')).length
      await catalog.setStage(input.mediaId, 'develop', { done, total: plan.chunks.length, unit: 'chunks' })
      return { segments: stored.rungs.reduce((sum, rung) => sum + rung.segments.length, 0) }
    })
}
