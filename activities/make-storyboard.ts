import { altOf, altPlaces } from '../domain/alt.ts'
import { siblingReference } from '../cdn/url.ts'
import { mediaTypes } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { planStoryboard, storyboardIndex } from '../domain/storyboard.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { must, storeFiles } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps } from './video-steps.ts'

/** Little pictures of the whole video for scrubbing. A video of which none can be made goes without. */
export function makeStoryboard({ catalog, objects, blobs, videos }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ pictures: number }> =>
    await withHeartbeat(async ({ signal }) => {
      const plan = planVideo(probe, presetNamed(input.preset), input)
      const board = planStoryboard(plan)
      const stored = await videoSteps(catalog, input).once('storyboard', async () => {
        const data = await videos.storyboard(await locateSource(objects, input.mediaId, plan), plan, board, { signal })
        if (data === null) return { files: null }
        const size = { width: board.columns * board.width, height: board.rows * board.height }
        const [sheet] = await storeFiles(blobs, input, [
          { name: 'storyboard.jpg', type: mediaTypes.jpg, ...size, alt: altOf(input.version, altPlaces.storyboard), data },
        ])
        const index = new TextEncoder().encode(storyboardIndex(board, siblingReference(must(sheet)), plan.durationMs))
        const [cues] = await storeFiles(blobs, input, [
          { name: 'storyboard.vtt', type: mediaTypes.vtt, ...size, alt: altOf(input.version, altPlaces.storyboardIndex), data: index },
        ])
        return { files: { sheet: must(sheet), index: must(cues) } }
      })
      return { pictures: stored.files ? board.count : 0 }
    })
}
