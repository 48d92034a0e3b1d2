import { MediaError } from '../domain/errors.ts'
import type { ByteRange, ObjectStore } from '../domain/ports.ts'
import { sequenceOf } from './object-names.ts'

/** An object, or a range of it, as one run of bytes; null when there is no such object. */
export async function readObject(objects: ObjectStore, key: string, range?: ByteRange): Promise<Uint8Array | null> {
  try {
    const { body } = await objects.get(key, range)
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : new Uint8Array(Buffer.concat(chunks))
  } catch (error) {
    if (error instanceof MediaError && error.code === 'OBJECT_NOT_FOUND') return null
    throw error
  }
}

export interface Listed {
  readonly key: string
  readonly sequence: number
  readonly bytes: number
}

/** The objects under `prefix` after `after`, in the order of their sequences; `onOther` is told the keys that have none. */
export async function listSequence(
  objects: ObjectStore,
  prefix: string,
  after: string,
  onOther?: (key: string) => void,
): Promise<Listed[]> {
  const listed: Listed[] = []
  for await (const { key, bytes } of objects.list(prefix, after)) {
    const sequence = sequenceOf(key)
    if (sequence === null) onOther?.(key)
    else listed.push({ key, sequence, bytes })
  }
  return listed
}

/** Maps with so many under way at once, answers in order. */
export async function mapInOrder<T, R>(items: readonly T[], atOnce: number, map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += atOnce) {
    results.push(...(await Promise.all(items.slice(start, start + atOnce).map(map))))
  }
  return results
}
