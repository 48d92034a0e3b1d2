import { frameOf } from '../domain/framing.ts'
import type { Limits } from '../domain/limits.ts'
import { admitImage as admit, orientedSize } from '../domain/plan-image.ts'
import type { ImageStudio, MediaStore, ObjectStore } from '../domain/ports.ts'
import type { ImageProbe } from '../domain/plans.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { withHeartbeat } from './heartbeat.ts'
import { withOriginal } from './original.ts'

export interface AdmitImageDeps {
  readonly catalog: MediaStore
  readonly objects: ObjectStore
  readonly images: ImageStudio
  readonly limits: Limits
}

/** Decides from the header alone whether the picture may be decoded: type, pixels, predicted cost, a crop within it. */
export function admitImage({ catalog, objects, images, limits }: AdmitImageDeps) {
  return async (input: IngestInput): Promise<ImageProbe> =>
    await withHeartbeat(async () => {
      await catalog.setStage(input.mediaId, 'admit')
      const probe = await withOriginal(objects, input.mediaId, async (original) => await images.probe(original, input.sourceType))
      admit(probe, limits)
      if (input.edits?.framing) frameOf(orientedSize(probe), input.edits.framing)
      return probe
    })
}
