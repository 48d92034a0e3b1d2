import type { FingerprintStore } from '../domain/fingerprint.ts'
import { planPoster } from '../domain/plan-image.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { ImageStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { forgetFiles, storeFiles } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { admittedFingerprint } from './fingerprint.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps } from './video-steps.ts'

export interface PosterDeps extends EncodeDeps {
  readonly catalog: EncodeDeps['catalog'] & FingerprintStore
  readonly images: ImageStudio
}

/** One frame of the video as an image ladder of its own, with the item's blurhash. */
export function makePoster({ catalog, objects, blobs, videos, images }: PosterDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ files: number }> =>
    await withHeartbeat(async ({ signal }) => {
      const stored = await videoSteps(catalog, input).once('poster', async () => {
        const preset = presetNamed(input.preset)
        const plan = planVideo(probe, preset, input)
        const frame = await videos.poster(await locateSource(objects, input.mediaId, plan), plan, { signal })
        const { width, height } = await images.probe(frame, 'image/png')
        const {
          files,
          blurhash,
          appearance,
          fingerprint: seen,
        } = await images.develop(frame, planPoster(width, height, preset, input.version), { signal })
        const fingerprint = await admittedFingerprint(catalog, seen)
        const told = { blurhash, ...appearance, ...(fingerprint === undefined ? {} : { fingerprint }) }
        const renditions = await storeFiles(blobs, input, files)
        forgetFiles(files)
        return { renditions, ...told }
      })
      return { files: stored.renditions.length }
    })
}
