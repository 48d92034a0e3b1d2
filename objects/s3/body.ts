import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { giveBack } from '../../domain/bytes.ts'
import { MediaError } from '../../domain/errors.ts'
import { s3Error } from './errors.ts'

/** Node's own stream, as far as it matters here. */
export type Source = Pick<Readable, 'destroy'> & AsyncIterable<Uint8Array>

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
  if (got !== bytes) throw fewer(key, got, bytes)
}

/** All of an answer's body into room for just that. Its pieces go as they are read, so that hardly more than they is held. */
export async function fillFrom(source: Readable, whole: Uint8Array, key: string): Promise<void> {
  let at = 0
  source.on('data', (piece: Buffer) => {
    if (at + piece.byteLength <= whole.byteLength) whole.set(piece, at)
    at += piece.byteLength
    giveBack(piece)
  })
  await finished(source).catch((error: unknown) => {
    throw s3Error(error, key)
  })
  if (at !== whole.byteLength) throw fewer(key, at, whole.byteLength)
}

function fewer(key: string, got: number, bytes: number): MediaError {
  return new MediaError('STORAGE_UNAVAILABLE', 'The object store sent other than the bytes that it announced.', {
    facts: { key, got, bytes },
  })
}
