import { altOf, altPlaces } from '../domain/alt.ts'
import { loopOf, planLoop } from '../domain/plan-motion.ts'
import type { ImageProbe, VideoPlan } from '../domain/plans.ts'
import type { ImageStudio, ObjectStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { loadDraft, must, saveDraft, storeFiles } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource, readOriginal } from './original.ts'

const NAME = 'motion.mp4'

/** What moves of a picture as one MP4, put into the draft that its stills have left; nothing twice. */
export function makeMotion({ catalog, objects, blobs, videos, images }: EncodeDeps & { readonly images: ImageStudio }) {
  return async (input: IngestInput, probe: ImageProbe): Promise<{ bytes: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const draft = await loadDraft(catalog, input)
      const done = draft.manifest.renditions.find(({ name }) => name === draft.manifest.motion?.name)
      if (done) return { bytes: done.bytes }
      const plan = planLoop(probe, presetNamed(input.preset), input)
      const { width, height } = must(plan.rungs[0])
      const data = await videos.clip(await framesOf(input, plan, objects, images, signal), plan, {
        signal,
        onProgress: (fraction) => report({ percent: Math.round(fraction * 100) }),
      })
      const file = { name: NAME, type: 'video/mp4', width, height, alt: altOf(input.version, altPlaces.motion), data }
      const [rendition] = await storeFiles(blobs, input, [file])
      const stills = draft.manifest.renditions
      const poster = stills.find(({ type }) => type === 'image/jpeg') ?? must(stills[0])
      const manifest = {
        ...draft.manifest,
        renditions: [...stills, must(rendition)],
        poster: poster.name,
        motion: loopOf(probe, plan, NAME),
      }
      await saveDraft(catalog, input, { ...draft, manifest })
      return { bytes: data.byteLength }
    })
}

/** Where an encoder finds the frames: in the upload, or in a file into which a decoder unrolls them. */
async function framesOf(input: IngestInput, plan: VideoPlan, objects: ObjectStore, images: ImageStudio, signal: AbortSignal) {
  if (plan.frames !== 'raw') return await locateSource(objects, input.mediaId, {})
  const bytes = await readOriginal(objects, input.mediaId)
  return async (file: string) => await images.unroll(bytes, file, { signal })
}
