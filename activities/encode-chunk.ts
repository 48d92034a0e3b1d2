import { altOf, altPlaces } from '../domain/alt.ts'
import { createHash } from 'node:crypto'
import { keyOf } from '../domain/ids.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoProbe } from '../domain/plans.ts'
import type { BlobStore, CheckpointStore, EncodedRung, MediaStore, NeedleInput, ObjectStore, VideoStudio } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { must, storedFile } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps, type StoredChunk } from './video-steps.ts'

export interface EncodeDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly objects: ObjectStore
  readonly blobs: BlobStore
  readonly videos: VideoStudio
}

/** Segments of a rung are numbered over the whole video: each chunk has this many places of its own. */
const SEGMENTS_PER_CHUNK_MAX = 16

/**
 * The whole ladder of one chunk from one decode, packed as one batch. Of the video's plan only the probe
 * and the chunk's index travel; the plan is computed again, being a pure function of them.
 */
export function encodeChunk({ catalog, objects, blobs, videos }: EncodeDeps) {
  return async (input: IngestInput, probe: VideoProbe, index: number): Promise<{ segments: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const plan = planVideo(probe, presetNamed(input.preset), { filter: input.filter })
      const chunk = must(plan.chunks[index])
      const stored = await videoSteps(catalog, input).once(`chunk:${index}`, async () => {
        const source = await locateSource(objects, input.mediaId, plan)
        const rungs = await videos.encodeChunk(source, plan, chunk, {
          signal,
          onProgress: (fraction) => report({ chunk: index, percent: Math.round(fraction * 100) }),
        })
        return await storeChunk(blobs, input, index, rungs, (rung) => must(plan.rungs[rung]).name)
      })
      const finished = await catalog.finishedSteps(input.mediaId, input.version)
      const done = finished.filter((step) => step.startsWith('chunk:')).length
      await catalog.setStage(input.mediaId, 'develop', { done, total: plan.chunks.length, unit: 'chunks' })
      return { segments: stored.rungs.reduce((sum, rung) => sum + rung.segments.length, 0) }
    })
}

async function storeChunk(
  blobs: BlobStore,
  input: IngestInput,
  index: number,
  rungs: readonly EncodedRung[],
  nameOf: (rung: number) => string,
): Promise<StoredChunk> {
  const key = keyOf(input.mediaId)
  const batch: NeedleInput[] = []
  const files: { name: string; type: string; bytes: number }[] = []
  const add = (name: string, type: string, place: number, data: Uint8Array) => {
    batch.push({ key, alt: altOf(input.version, place), data })
    files.push({ name, type, bytes: data.byteLength })
    return batch.length - 1
  }
  const places = rungs.map((encoded) => {
    if (encoded.segments.length > SEGMENTS_PER_CHUNK_MAX) throw new Error(`a chunk of ${encoded.segments.length} segments`)
    const name = nameOf(encoded.rung)
    return {
      encoded,
      init: index === 0 ? add(`${name}-init.mp4`, 'video/mp4', altPlaces.videoInit(encoded.rung), encoded.init) : null,
      segments: encoded.segments.map((segment, part) => {
        const number = index * SEGMENTS_PER_CHUNK_MAX + part
        return add(`${name}-${number}.m4s`, 'video/iso.segment', altPlaces.videoSegment(encoded.rung, number), segment.data)
      }),
    }
  })
  const locators = await blobs.append(batch)
  const fileAt = (at: number) => {
    const { name, type, bytes } = must(files[at])
    return storedFile(name, type, bytes, locators[at])
  }
  return {
    rungs: places.map(({ encoded, init, segments }) => ({
      rung: encoded.rung,
      codecs: encoded.codecs,
      initSha256: createHash('sha256').update(encoded.init).digest('hex'),
      ...(init === null ? {} : { init: fileAt(init) }),
      segments: segments.map((at, part) => ({ ...fileAt(at), durationSeconds: must(encoded.segments[part]).durationSeconds })),
    })),
  }
}
