import { MediaError } from '../domain/errors.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { withSound } from '../domain/sounds.ts'
import type { StoredTrack } from '../domain/video-pieces.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { measuredLevel, soundLevel } from './sound-level.ts'
import { sealFor } from './seal.ts'
import { storeAudio } from './store-track.ts'
import { videoSteps } from './video-steps.ts'

/**
 * Sound that is made ahead of the whole of it, where a video can be played already: as much as is played while the whole of the
 * longest, which takes about a sixtieth of its length, is encoded.
 */
const AHEAD_SECONDS = 61

/**
 * The sound, once and whole: encoders add samples at every start, so chunks of sound would drift. Of a long one a
 * longer beginning than the lead's comes first, so that early viewers do not wait for all of it.
 */
export function encodeAudio({ catalog, objects, blobs, videos, contentKeys }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const steps = videoSteps(catalog, input)
      const stored = await steps.once('audio', async () => {
        const plan = planVideo(probe, presetNamed(input.preset), input)
        const source = await locateSource(objects, input.mediaId, plan)
        const level = await soundLevel(steps, videos, input, plan, source, signal)
        const seal = sealFor(contentKeys, input)
        const lead = (await steps.peek('lead'))?.audio ?? null
        const until = async (untilSeconds: number, stored: StoredTrack | null) => {
          const track = await videos.encodeAudio(source, plan, { ...level, signal, untilSeconds, onProgress: told(report) })
          return await storeAudio(blobs, input, track, { lead: stored, seal })
        }
        const isLong = plan.durationMs > AHEAD_SECONDS * 2_000
        const ahead = lead && isLong ? await steps.once('audio:ahead', async () => await until(AHEAD_SECONDS, lead)) : lead
        return await until(Infinity, ahead)
      })
      return { segments: stored.segments.length }
    })
}

/**
 * Another sound of the film, in the same way and at its own loudness. One that cannot be decoded is left out: it is no
 * reason to refuse the film.
 */
export function encodeOtherSound({ catalog, objects, blobs, videos, contentKeys }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe, sound: number): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const stored = await videoSteps(catalog, input).once(`sound:${sound}`, async () => {
        const plan = withSound(planVideo(probe, presetNamed(input.preset), input), sound)
        const source = await locateSource(objects, input.mediaId, plan)
        try {
          const level = await measuredLevel(videos, input, plan, source, signal)
          const track = await videos.encodeAudio(source, plan, { ...level?.options, signal, onProgress: told(report) })
          return { track: await storeAudio(blobs, input, track, { sound, lead: null, seal: sealFor(contentKeys, input) }) }
        } catch (error) {
          if (error instanceof MediaError && error.code === 'MEDIA_CORRUPT') return { track: null }
          throw error
        }
      })
      return { segments: stored.track?.segments.length ?? 0 }
    })
}

function told(report: (progress: { percent: number }) => void): (fraction: number) => void {
  return (fraction) => report({ percent: Math.round(fraction * 100) })
}
