import type { FingerprintStore } from '../domain/fingerprint.ts'
import { planImage } from '../domain/plan-image.ts'
import type { ImageProbe } from '../domain/plans.ts'
import type { BlobStore, CheckpointStore, ImageStudio, MediaStore, ObjectStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { forgetFiles, saveDraft, storeFiles } from './draft.ts'
import { admittedFingerprint } from './fingerprint.ts'
import { withHeartbeat } from './heartbeat.ts'
import { withOriginal } from './original.ts'

export interface DevelopImageDeps {
  readonly catalog: MediaStore & CheckpointStore & FingerprintStore
  readonly objects: ObjectStore
  readonly blobs: BlobStore
  readonly images: ImageStudio
}

export interface Developed {
  readonly files: number
  readonly bytes: number
}

/** One decode to everything: orient, colour, filter, ladder, placeholder; packed as one batch. */
export function developImage({ catalog, objects, blobs, images }: DevelopImageDeps) {
  return async (input: IngestInput, probe: ImageProbe): Promise<Developed> =>
    await withHeartbeat(async ({ signal, report }) => {
      await catalog.setStage(input.mediaId, 'develop')
      const plan = planImage(probe, presetNamed(input.preset), input)
      const developed = await withOriginal(
        objects,
        input.mediaId,
        async (original) => await images.develop(original, plan, { signal, onProgress: ({ done, total }) => report({ done, total }) }),
      )
      const fingerprint = await admittedFingerprint(catalog, developed.fingerprint)
      const renditions = await storeFiles(blobs, input, developed.files)
      forgetFiles(developed.files)
      const manifest = {
        kind: 'image' as const,
        version: input.version,
        width: plan.width,
        height: plan.height,
        blurhash: developed.blurhash,
        ...developed.appearance,
        renditions,
        parts: [],
        ...(developed.losses.length > 0 ? { losses: developed.losses } : {}),
        ...(developed.facts.madeWithAi ? ({ madeWithAi: true } as const) : {}),
      }
      await saveDraft(catalog, input, { manifest, facts: developed.facts, ...(fingerprint === undefined ? {} : { fingerprint }) })
      return { files: renditions.length, bytes: renditions.reduce((sum, file) => sum + file.bytes, 0) }
    })
}
