import { planPoster } from '../domain/plan-image.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { ImageStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { storeFiles } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps } from './video-steps.ts'

/** One frame of the video as an image ladder of its own, with the item's blurhash. */
export function makePoster({ catalog, objects, blobs, videos, images }: EncodeDeps & { readonly images: ImageStudio }) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ files: number }> =>
    await withHeartbeat(async ({ signal }) => {
      const stored = await videoSteps(catalog, input).once('poster', async () => {
        const preset = presetNamed(input.preset)
        const plan = planVideo(probe, preset, input)
        const frame = await videos.poster(await locateSource(objects, input.mediaId, plan), plan, { signal })
        const { width, height } = await images.probe(frame, 'image/png')
        const { files, blurhash, appearance } = await images.develop(frame, planPoster(width, height, preset, input.version), { signal })
        return { renditions: await storeFiles(blobs, input, files), blurhash, ...appearance }
      })
      return { files: stored.renditions.length }
    })
}
