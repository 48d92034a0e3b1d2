import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { checkKey, compareKeys } from './keys.ts'
import { createLoopbackReader } from './loopback.ts'
import { bytesOfPieces } from './pieces.ts'
import { spanOf } from './range.ts'

/**
 * Objects in memory, for tests: nothing outlives the process. `locate` answers with a URL on loopback,
 * served by this process until it ends.
 */
export function createMemoryObjectStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>()

  function find(key: string): Uint8Array {
    checkKey(key)
    const data = objects.get(key)
    if (data === undefined) throw new MediaError('OBJECT_NOT_FOUND', undefined, { facts: { key } })
    return data
  }

  const reader = createLoopbackReader((key) => objects.get(key))

  const store: ObjectStore = {
    async put(key, body, options) {
      checkKey(key)
      const data = await collect(body)
      if (options?.ifNoneMatch && objects.has(key)) throw new MediaError('OBJECT_EXISTS', undefined, { facts: { key } })
      objects.set(key, data)
      return { bytes: data.byteLength }
    },
    async compose(key, pieces, options) {
      return await store.put(key, bytesOfPieces(store, pieces, options?.pace), options)
    },
    async get(key, range) {
      const data = find(key)
      const span = spanOf(range, data.byteLength)
      return { bytes: span.end - span.start, body: once(data.slice(span.start, span.end)) }
    },
    async head(key) {
      checkKey(key)
      const data = objects.get(key)
      return data === undefined ? null : { bytes: data.byteLength }
    },
    async delete(key) {
      checkKey(key)
      objects.delete(key)
    },
    async *list(prefix, after) {
      const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && (after === undefined || compareKeys(key, after) > 0))
      for (const key of keys.toSorted(compareKeys)) {
        const data = objects.get(key)
        if (data !== undefined) yield { key, bytes: data.byteLength }
      }
    },
    async locate(key, ttlMs) {
      find(key)
      return reader.urlOf(key, ttlMs)
    },
  }
  return store
}

async function collect(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body.slice()
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function* once(data: Uint8Array): AsyncGenerator<Uint8Array> {
  if (data.byteLength > 0) yield data
}
