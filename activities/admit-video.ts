import { admitVideo as admit } from '../domain/plan-video.ts'
import type { Limits } from '../domain/limits.ts'
import type { CheckpointStore, MediaStore, ObjectStore, VideoStudio } from '../domain/ports.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { videoSteps } from './video-steps.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateOriginal } from './original.ts'

export interface AdmitVideoDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly objects: ObjectStore
  readonly videos: VideoStudio
  readonly limits: Limits
}

/** Decides from container and streams whether the clip may be encoded; private facts go to the catalog only. */
export function admitVideo({ catalog, objects, videos, limits }: AdmitVideoDeps) {
  return async (input: IngestInput): Promise<VideoProbe> =>
    await withHeartbeat(async () => {
      await catalog.setStage(input.mediaId, 'admit')
      const { probe, facts } = await videos.probe(await locateOriginal(objects, input.mediaId), input.sourceType)
      admit(probe, limits)
      await videoSteps(catalog, input).finish('facts', facts)
      return probe
    })
}
