import { giveBack } from '../domain/bytes.ts'
import { limits } from '../domain/limits.ts'
import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import { originalKey, remuxedKey } from '../domain/media.ts'
import type { SourceTraits } from '../domain/plans.ts'
import type { ObjectStore } from '../domain/ports.ts'

/** As long as an activity that reads it may run; whoever sees the address in the meantime can read the source too. */
const LOCATION_MS = 31 * 60_000

/** An image's original, whole. UPLOAD_TOO_LARGE past the image limit, so that memory stays bounded. */
export async function readOriginal(objects: ObjectStore, id: MediaId): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, body, fill } = await objects.get(originalKey(id))
  if (bytes > limits.uploadImageBytesMax) throw new MediaError('UPLOAD_TOO_LARGE')
  const whole = new Uint8Array(bytes)
  if (fill) {
    await fill(whole)
    return whole
  }
  let offset = 0
  for await (const part of body) {
    whole.set(part, offset)
    offset += part.byteLength
  }
  if (offset !== bytes) throw new MediaError('STORAGE_UNAVAILABLE', `The original ended after ${offset} of ${bytes} bytes.`)
  return whole
}

/**
 * Runs `use` on an image's original and gives the memory back when it has ended; the bytes are gone then. Left to the
 * collector, such buffers make it look through the whole heap once a photo, for a tenth of what the photo itself costs.
 */
export async function withOriginal<T>(objects: ObjectStore, id: MediaId, use: (original: Uint8Array) => Promise<T>): Promise<T> {
  const original = await readOriginal(objects, id)
  try {
    return await use(original)
  } finally {
    giveBack(original)
  }
}

/** A path or URL by which ffmpeg reads a video by range: the original, or its remuxed copy where there has to be one. */
export async function locateSource(objects: ObjectStore, id: MediaId, { remuxed }: SourceTraits): Promise<string> {
  return await objects.locate(remuxed ? remuxedKey(id) : originalKey(id), LOCATION_MS)
}
