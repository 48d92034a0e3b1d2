/**
 * Media ids: 64 bits, 41 of milliseconds since {@link EPOCH_MS}, 13 of shard, 10 of sequence,
 * so that ids sort by time and need no coordination (the layout Instagram published in 2012).
 * Everywhere outside the blob store an id is 13 characters of lower-case Crockford base32.
 */
declare const mediaIdBrand: unique symbol
export type MediaId = string & { readonly [mediaIdBrand]: true }

/** 2024-01-01T00:00:00Z: 41 bits of milliseconds then last until 2093. */
export const EPOCH_MS = 1_704_067_200_000
const SHARD_MAX = 2 ** 13 - 1
const SEQUENCE_MAX = 2 ** 10 - 1

/** Crockford's alphabet without i, l, o, u: none of them can be misread. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Lower-case Crockford base32 of an unsigned integer, left-padded with zeros to `width` characters. */
export function toBase32(value: bigint, width = 1): string {
  let rest = value
  let text = ''
  while (rest > 0n) {
    text = ALPHABET[Number(rest & 31n)] + text
    rest >>= 5n
  }
  return text.padStart(width, '0')
}

/** The integer behind lower-case Crockford base32, or null when the text is anything else. */
export function fromBase32(text: string): bigint | null {
  let value = 0n
  for (const character of text) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) return null
    value = (value << 5n) | BigInt(digit)
  }
  return text.length === 0 ? null : value
}

/** The media id of a 64-bit key. */
export function mediaIdOf(key: bigint): MediaId {
  return toBase32(key, 13) as MediaId
}

/** The 64-bit needle key of a media id. */
export function keyOf(id: MediaId): bigint {
  const key = fromBase32(id)
  if (key === null) throw new Error(`not a media id: ${id}`)
  return key
}

/** The media id in `text`, or null when it is not exactly one in canonical form. */
export function parseMediaId(text: string): MediaId | null {
  if (text.length !== 13) return null
  const key = fromBase32(text)
  return key === null || key >= 2n ** 64n ? null : (text as MediaId)
}

/** Milliseconds since the Unix epoch at which the id was made. */
export function bornMs(id: MediaId): number {
  return Number(keyOf(id) >> 23n) + EPOCH_MS
}

/**
 * A generator of ids for one shard (0..8191). It never goes back when the clock does, and waits for
 * nobody: when a millisecond's 1,024 ids are used up it borrows from the next one.
 */
export function createIdGenerator(shard: number, nowMs: () => number): () => MediaId {
  if (!Number.isInteger(shard) || shard < 0 || shard > SHARD_MAX) throw new Error(`shard must be 0..${SHARD_MAX}, not ${shard}`)
  let lastMs = 0
  let sequence = 0
  return () => {
    const ms = Math.max(nowMs() - EPOCH_MS, lastMs)
    if (ms > lastMs) {
      lastMs = ms
      sequence = 0
    } else if (sequence === SEQUENCE_MAX) {
      lastMs += 1
      sequence = 0
    } else {
      sequence += 1
    }
    return mediaIdOf((BigInt(lastMs) << 23n) | (BigInt(shard) << 10n) | BigInt(sequence))
  }
}
