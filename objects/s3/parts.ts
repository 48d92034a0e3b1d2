import { Buffer } from 'node:buffer'

/** Cuts a stream into pieces of exactly `partBytes`, the last one shorter; an empty stream gives one empty piece. */
export async function* partsOf(body: AsyncIterable<Uint8Array>, partBytes: number): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  let given = 0
  for await (const chunk of body) {
    let rest = chunk
    while (heldBytes + rest.byteLength > partBytes) {
      const take = partBytes - heldBytes
      held.push(rest.subarray(0, take))
      yield joined(held)
      given += 1
      held = []
      heldBytes = 0
      rest = rest.subarray(take)
    }
    // Copied: whoever made the chunk may use its memory again before the part is sent.
    if (rest.byteLength > 0) held.push(Uint8Array.from(rest))
    heldBytes += rest.byteLength
  }
  if (given === 0 || heldBytes > 0) yield joined(held)
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces)
}
