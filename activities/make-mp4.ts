import { altOf, altPlaces } from '../domain/alt.ts'
import { keyOf } from '../domain/ids.ts'
import { mediaTypes, type Rendition, type StoredFile } from '../domain/media.ts'
import { mp4Rung } from '../domain/plan-mp4.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { BlobStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { bytesOfStripes, type Stripe, stripeIndex } from '../domain/striped.ts'
import type { StoredChunk, StoredTrack } from '../domain/video-pieces.ts'
import { joinChunks } from '../domain/video-playlists.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { progressive, type TrackSource } from '../media/video/progressive.ts'
import { must } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { videoSteps } from './video-steps.ts'

/** Large enough that few are read for a range, small enough that none is long in memory. */
const STRIPE_BYTES = 4 * 1024 ** 2

/**
 * One rung and the sound as a file that plays everywhere, out of segments that are stored already: read once, in
 * order, and stored in stripes as it goes, so that neither memory nor disk holds more than one of them.
 */
export function makeMp4({ catalog, blobs }: Pick<EncodeDeps, 'catalog' | 'blobs'>) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ bytes: number }> =>
    await withHeartbeat(async ({ signal }) => {
      const steps = videoSteps(catalog, input)
      const stored = await steps.once('mp4', async () => {
        const preset = presetNamed(input.preset)
        const plan = planVideo(probe, preset, input)
        const rung = mp4Rung(plan, preset)
        if (!rung) return { file: null }
        const chunks: StoredChunk[] = []
        for (const chunk of plan.chunks) chunks.push(await steps.finished(`chunk:${chunk.index}`))
        const picture = must(joinChunks(chunks, rung.index) ?? undefined)
        const sound = plan.audio ? await steps.finished('audio') : null
        const sourceOf = (track: StoredTrack) => readTrack(blobs, input, track, signal)
        const laying = progressive(await sourceOf(picture), sound && (await sourceOf(sound)))
        return { file: await storeStriped(blobs, input, laying, { width: rung.width, height: rung.height }) }
      })
      return { bytes: stored.file?.bytes ?? 0 }
    })
}

async function readTrack(blobs: BlobStore, { mediaId }: IngestInput, track: StoredTrack, signal: AbortSignal): Promise<TrackSource> {
  const key = keyOf(mediaId)
  const read = async ({ locator }: StoredFile) => (await blobs.read(key, locator)).data
  return {
    init: await read(track.init),
    segments: (async function* () {
      for (const segment of track.segments) {
        signal.throwIfAborted()
        yield await read(segment)
      }
    })(),
  }
}

/** The head, which is known last, is a stripe of its own before all others. */
async function storeStriped(
  blobs: BlobStore,
  { mediaId, version }: IngestInput,
  laying: ReturnType<typeof progressive>,
  size: { readonly width: number; readonly height: number },
): Promise<Rendition> {
  const key = keyOf(mediaId)
  const append = async (place: number, data: Uint8Array): Promise<Stripe> => {
    const [locator] = await blobs.append([{ key, alt: altOf(version, place), data }])
    return { locator: must(locator), bytes: data.byteLength }
  }
  const stripes: Stripe[] = []
  let waiting: Uint8Array[] = []
  const flush = async () => {
    const data = Buffer.concat(waiting)
    waiting = []
    if (data.byteLength > 0) stripes.push(await append(altPlaces.mp4Stripe(stripes.length + 1), data))
  }
  let next = await laying.next()
  for (; !next.done; next = await laying.next()) {
    waiting.push(next.value)
    if (waiting.reduce((sum, part) => sum + part.byteLength, 0) >= STRIPE_BYTES) await flush()
  }
  await flush()
  const all = [await append(altPlaces.mp4Stripe(0), next.value), ...stripes]
  const { locator } = await append(altPlaces.mp4, stripeIndex(all))
  return { name: 'video.mp4', type: mediaTypes.mp4, ...size, bytes: bytesOfStripes(all), locator }
}
