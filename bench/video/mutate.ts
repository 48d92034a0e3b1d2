/** Ways in which a file goes bad, drawn from a seed: the same seed gives the same files. */

/** A generator of whole numbers below `bound` (xorshift, Marsaglia 2003). */
export function seeded(seed: number): (bound: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  return (bound) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % Math.max(1, bound)
  }
}

type Mutation = (bytes: Uint8Array, below: (bound: number) => number) => Uint8Array

/** Where boxes and headers are likely: both ends of a file, else anywhere. */
function place(length: number, below: (bound: number) => number): number {
  const near = Math.min(length, 4_096)
  const where = below(3)
  return where === 0 ? below(near) : where === 1 ? length - 1 - below(near) : below(length)
}

const mutations: readonly Mutation[] = [
  // Bits fall over.
  (bytes, below) => {
    for (let count = 1 + below(24); count > 0; count--) {
      const at = place(bytes.length, below)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8))
    }
    return bytes
  },
  // A number, perhaps a size or a count, becomes an extreme one.
  (bytes, below) => {
    const at = place(bytes.length - 4, below)
    const extremes = [0, 1, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]
    new DataView(bytes.buffer, bytes.byteOffset).setUint32(Math.max(0, at), extremes[below(extremes.length)] ?? 0)
    return bytes
  },
  // The end is missing.
  (bytes, below) => bytes.subarray(0, below(bytes.length)),
  // A hole.
  (bytes, below) => {
    const at = place(bytes.length, below)
    return bytes.fill(0, at, at + 1 + below(2_048))
  },
  // A part comes twice.
  (bytes, below) => {
    const from = below(bytes.length)
    const part = bytes.slice(from, from + 1 + below(8_192))
    const at = below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)])
  },
  // A part is gone.
  (bytes, below) => {
    const at = below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(4_096))])
  },
  // A box takes another one's name.
  (bytes, below) => {
    const names = ['moov', 'trak', 'stsz', 'stco', 'elst', 'mdat', 'free', 'ctts', 'dref', 'avcC']
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const at = text.indexOf(names[below(names.length)] ?? '')
    if (at >= 0) text.write(names[below(names.length)] ?? '', at, 'latin1')
    return bytes
  },
]

/** A damaged copy of a file, which is left as it is. */
export function mutated(original: Uint8Array, seed: number): Uint8Array {
  const below = seeded(seed)
  let bytes: Uint8Array = Uint8Array.from(original)
  for (let count = 1 + below(2); count > 0 && bytes.length > 8; count--) bytes = mutations[below(mutations.length)]?.(bytes, below) ?? bytes
  return bytes
}
