import type { Complexity } from '../domain/complexity.ts'
import { codeOf, errorTable } from '../domain/errors.ts'
import { lookIn } from '../domain/edits.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps } from './video-steps.ts'

/**
 * What trials on samples tell of a video, before its ladder is planned; null where there is nothing to tell. A file
 * of which a sample cannot be decoded is planned without: encoding it will tell what is wrong.
 */
export function tryTitle({ catalog, objects, videos }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<Complexity | null> =>
    await withHeartbeat(async ({ signal }) => {
      const { complexity } = await videoSteps(catalog, input).once('complexity', async () => {
        const plan = planVideo(probe, presetNamed(input.preset), lookIn(input))
        try {
          return { complexity: await videos.complexity(await locateSource(objects, input.mediaId, plan), plan, { signal }) }
        } catch (error) {
          if (signal.aborted || errorTable[codeOf(error)].retry || errorTable[codeOf(error)].status >= 500) throw error
          return { complexity: null }
        }
      })
      return complexity
    })
}
