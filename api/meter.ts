import { createHash } from 'node:crypto'
import { MediaError } from '../domain/errors.ts'

export interface Meter {
  /** The same chunks, counted and hashed on their way; UPLOAD_TOO_LARGE at the first byte over the limit. */
  through(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined>
  /** Bytes and SHA-256 (hex) of what went through; called once, at the end. */
  read(): { readonly bytes: number; readonly sha256: string }
}

export function createMeter(bytesMax: number): Meter {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    async *through(body) {
      for await (const chunk of body) {
        bytes += chunk.length
        if (bytes > bytesMax) throw tooLarge(bytesMax)
        hash.update(chunk)
        yield chunk
      }
    },
    read: () => ({ bytes, sha256: hash.digest('hex') }),
  }
}

export function tooLarge(bytesMax: number): MediaError {
  return new MediaError('UPLOAD_TOO_LARGE', `The limit is ${bytesMax} bytes.`, { facts: { bytesMax } })
}
