import { altOf, altPlaces } from '../domain/alt.ts'
import { keyOf } from '../domain/ids.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { storedFile } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps } from './video-steps.ts'

/** The audio track, once and whole: encoders add samples at every start, so chunks of audio would drift. */
export function encodeAudio({ catalog, objects, blobs, videos }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const stored = await videoSteps(catalog, input).once('audio', async () => {
        const plan = planVideo(probe, presetNamed(input.preset), { filter: input.filter })
        const source = await locateSource(objects, input.mediaId, plan)
        const track = await videos.encodeAudio(source, plan, {
          signal,
          onProgress: (fraction) => report({ percent: Math.round(fraction * 100) }),
        })
        const key = keyOf(input.mediaId)
        const [init, ...segments] = await blobs.append([
          { key, alt: altOf(input.version, altPlaces.audioInit), data: track.init },
          ...track.segments.map(({ data }, index) => ({ key, alt: altOf(input.version, altPlaces.audioSegment(index)), data })),
        ])
        return {
          init: storedFile('audio-init.mp4', 'video/mp4', track.init.byteLength, init),
          segments: track.segments.map(({ data, durationSeconds }, index) => ({
            ...storedFile(`audio-${index}.m4s`, 'video/iso.segment', data.byteLength, segments[index]),
            durationSeconds,
          })),
          codecs: track.codecs,
        }
      })
      return { segments: stored.segments.length }
    })
}
