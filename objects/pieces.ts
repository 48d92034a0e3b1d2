import { MediaError } from '../domain/errors.ts'
import type { ComposeOptions, ObjectPiece, ObjectStore } from '../domain/ports.ts'

/**
 * The bytes of pieces, one after another, no faster than `pace` lets them. RANGE_NOT_SATISFIABLE where a piece reaches beyond
 * its object: none is cut short.
 */
export async function* bytesOfPieces(
  objects: Pick<ObjectStore, 'get'>,
  pieces: readonly ObjectPiece[],
  pace: ComposeOptions['pace'] = async () => {},
): AsyncGenerator<Uint8Array> {
  for (const { key, start, end } of pieces) {
    const { bytes, body } = await objects.get(key, { start, end })
    if (bytes !== end - start + 1) throw new MediaError('RANGE_NOT_SATISFIABLE', undefined, { facts: { key, start, end } })
    for await (const chunk of body) {
      yield chunk
      await pace(chunk.byteLength)
    }
  }
}
