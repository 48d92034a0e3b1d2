import { leadRungs, planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { must } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { soundLevel } from './sound-level.ts'
import { storeAudio, storeChunk } from './store-track.ts'
import { videoSteps } from './video-steps.ts'

/**
 * By how much more sound is encoded than the first chunk is long, seconds: the segment that is cut off is dropped, so it must
 * be one of its own (twice the slack that readTrack gives a segment), and what is behind the picture would not be shown.
 */
const SOUND_BEYOND_SECONDS = 0.5

/**
 * What a video can be played from first: its first chunk in the low rungs, and the beginning of its sound.
 * How long this takes does not depend on the video's length. Its segments are never made again.
 */
export function encodeLead({ catalog, objects, blobs, videos }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const steps = videoSteps(catalog, input)
      const stored = await steps.once('lead', async () => {
        await catalog.setStage(input.mediaId, 'develop')
        const plan = planVideo(probe, presetNamed(input.preset), input)
        const source = await locateSource(objects, input.mediaId, plan)
        const failed = new AbortController()
        const either = AbortSignal.any([signal, failed.signal])
        const picture = videos.encodeChunk(source, { ...plan, rungs: leadRungs(plan) }, must(plan.chunks[0]), {
          signal: either,
          onProgress: (fraction) => report({ percent: Math.round(fraction * 100) }),
        })
        const beginning = async () => {
          const level = await soundLevel(steps, videos, input, plan, source, either)
          return await videos.encodeAudio(source, plan, {
            ...level,
            signal: either,
            untilSeconds: must(plan.chunks[0]).durationSeconds + SOUND_BEYOND_SECONDS,
          })
        }
        const sound = plan.audio ? beginning() : null
        const [rungs, track] = await Promise.all([picture, sound]).catch(async (error: unknown) => {
          // Neither child outlives the other's failure.
          failed.abort(error)
          await Promise.allSettled([picture, sound])
          throw error
        })
        return {
          chunk: await storeChunk(blobs, input, 0, rungs, (rung) => must(plan.rungs[rung]).name, null),
          audio: track && (await storeAudio(blobs, input, track, { lead: null, seal: null })),
          rungs: plan.rungs.map(({ index, name, width, height }) => ({ index, name, width, height })),
          fps: plan.fps,
          chunks: plan.chunks.length,
        }
      })
      return { segments: stored.chunk.rungs.reduce((sum, rung) => sum + rung.segments.length, 0) }
    })
}
