import { createHash } from 'node:crypto'
import { altOf, altPlaces } from '../domain/alt.ts'
import { keyOf } from '../domain/ids.ts'
import type { EncodedRung, EncodedSegment, EncodedTrack } from '../domain/encoded.ts'
import type { BlobStore, NeedleInput } from '../domain/ports.ts'
import { soundName } from '../domain/sounds.ts'
import type { StoredChunk, StoredTrack } from '../domain/video-pieces.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { Seal } from './seal.ts'
import { must, storedFile } from './draft.ts'

/** Segments of a rung are numbered over the whole video: each chunk has this many places of its own. */
const SEGMENTS_PER_CHUNK_MAX = 16

/** The rungs of one chunk as one batch; the first chunk brings each rung's init. */
export async function storeChunk(
  blobs: BlobStore,
  input: IngestInput,
  index: number,
  rungs: readonly EncodedRung[],
  nameOf: (rung: number) => string,
  seal: Seal | null,
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
        const place = altPlaces.videoSegment(encoded.rung, number)
        const sealed = seal?.(segment.data, altOf(input.version, place))
        const at = add(`${name}-${number}.m4s`, 'video/iso.segment', place, sealed?.data ?? segment.data)
        return { at, lengths: sealed ? { durationSeconds: segment.durationSeconds, iv: sealed.iv } : lengthsOf(segment) }
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
      segments: segments.map(({ at, lengths }) => ({ ...fileAt(at), ...lengths })),
    })),
  }
}

function lengthsOf({ durationSeconds, keyframes }: EncodedSegment) {
  return { durationSeconds, ...(keyframes ? { keyframes } : {}) }
}

/** A sound as one batch; 0 is the film's first. Segments that `lead` stored before are not stored again: their addresses are in players' hands. */
export async function storeAudio(
  blobs: BlobStore,
  input: IngestInput,
  track: EncodedTrack,
  { sound = 0, lead, seal }: { readonly sound?: number; readonly lead: StoredTrack | null; readonly seal: Seal | null },
): Promise<StoredTrack> {
  const name = soundName(sound)
  const altAt = (index: number) => altOf(input.version, altPlaces.soundSegment(sound, index))
  const kept = lead?.segments ?? []
  for (const [at, segment] of kept.entries())
    if (segment.durationSeconds !== track.segments[at]?.durationSeconds)
      throw new Error(`segment ${at} of the sound is not as long as it was`)
  const key = keyOf(input.mediaId)
  const fresh = track.segments.slice(kept.length).map(({ data, durationSeconds }, at) => {
    const index = kept.length + at
    const sealed = seal?.(data, altAt(index))
    return { index, data: sealed?.data ?? data, lengths: { durationSeconds, ...(sealed ? { iv: sealed.iv } : {}) } }
  })
  const batch = [
    ...fresh.map(({ data, index }) => ({ key, alt: altAt(index), data })),
    ...(lead ? [] : [{ key, alt: altOf(input.version, altPlaces.soundInit(sound)), data: track.init }]),
  ]
  const places = batch.length > 0 ? await blobs.append(batch) : []
  return {
    init: lead?.init ?? storedFile(`${name}-init.mp4`, 'video/mp4', track.init.byteLength, places.at(-1)),
    segments: [
      ...kept,
      ...fresh.map(({ data, lengths, index }, at) => ({
        ...storedFile(`${name}-${index}.m4s`, 'video/iso.segment', data.byteLength, places[at]),
        ...lengths,
      })),
    ],
    codecs: track.codecs,
  }
}
