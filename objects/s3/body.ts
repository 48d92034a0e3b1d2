import { MediaError } from '../../domain/errors.ts'
import { s3Error } from './errors.ts'

/** Node's own stream, as far as it matters here. */
export interface Source extends AsyncIterable<Uint8Array> {
  destroy(): unknown
}

/**
 * The body of an answer: errors on the way as codes, and a body that ends early is one. Leaving it unread
 * or half read and calling `return` gives its connection free; so does the client's time-out.
 */
export function bodyOf(source: Source, bytes: number, key: string): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const inner = read(source, bytes, key)
      return {
        next: () => inner.next(),
        async return() {
          source.destroy()
          await inner.return(undefined)
          return { done: true, value: undefined }
        },
      }
    },
  }
}

async function* read(source: Source, bytes: number, key: string): AsyncGenerator<Uint8Array> {
  let got = 0
  try {
    for await (const chunk of source) {
      got += chunk.byteLength
      yield chunk
    }
  } catch (error) {
    throw s3Error(error, key)
  }
  if (got !== bytes)
    throw new MediaError('STORAGE_UNAVAILABLE', 'The object store sent fewer bytes than it announced.', { facts: { key, got, bytes } })
}
