import type { MediaId } from './ids.ts'

/** What a picture looks like in 256 bits: PDQ, by which copies that were resized, re-encoded or filtered a little are found. */
export interface Fingerprint {
  /** 64 hex digits, in the order in which PDQ's own tools write them. */
  readonly hash: string
  /** How much there is to go by, 0..100: a plain surface has next to nothing. */
  readonly quality: number
}

/** A fingerprint of less quality than this is like many others, and none is kept (PDQ's own recommendation). */
export const fingerprintQualityMin = 50
/** As many of the 256 bits may differ between two that are taken for copies (PDQ's own recommendation). */
export const fingerprintDistanceMax = 31

export function isFingerprintHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

/** How many bits differ. */
export function hammingDistance(one: string, other: string): number {
  let differing = BigInt(`0x${one}`) ^ BigInt(`0x${other}`)
  let count = 0
  for (; differing !== 0n; differing &= differing - 1n) count += 1
  return count
}

/** A fingerprint as the studio gives it. */
export interface SeenFingerprint extends Fingerprint {
  /** The hashes of the picture turned and mirrored in all eight ways, its own first. */
  readonly turned: readonly string[]
}

/** What items look like, told by hashes of 64 hex digits. */
export interface FingerprintStore {
  /** Items of the same tenant that can be shown and are taken for copies of this one, the nearest first; distances in bits of 256. */
  similar(id: MediaId, limit: number): Promise<{ readonly id: MediaId; readonly distance: number }[]>
  /** The nearest hash on the block list that is taken for a copy of any of these; null when there is none. */
  blockedLike(hashes: readonly string[]): Promise<{ readonly hash: string; readonly distance: number } | null>
}

/** What an operator does not want to be shown. */
export interface BlockList {
  /** Idempotent; a later note takes the place of an earlier one. */
  block(hash: string, note: string): Promise<void>
  /** Whether it was there. */
  unblock(hash: string): Promise<boolean>
  blocked(): Promise<{ readonly hash: string; readonly note: string; readonly addedAt: Date }[]>
  /** An item's hash, or null when it has none: it is not published, or there is next to nothing in it. */
  fingerprint(id: MediaId): Promise<string | null>
}

export type LikenessStore = FingerprintStore & BlockList
