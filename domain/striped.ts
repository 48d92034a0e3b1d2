/**
 * A file that is too large for one needle: its bytes lie in stripes, needles of their own, and the needle that its
 * address names is an index of them. Pure.
 */
import type { Locator } from './media.ts'

export interface Stripe {
  readonly locator: Locator
  readonly bytes: number
}

/** A part of a stripe, both ends within it; `end` is inclusive, as in HTTP. */
export interface StripePart {
  readonly locator: Locator
  readonly start: number
  readonly end: number
}

/** The index's bytes. */
export function stripeIndex(stripes: readonly Stripe[]): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify({ stripes: stripes.map(({ locator: { volume, alt, cookie }, bytes }) => [volume, alt, cookie, bytes]) }),
  )
}

/** The stripes of an index. Anything else is a bug or damage: Error. */
export function readStripeIndex(index: Uint8Array): Stripe[] {
  const { stripes } = JSON.parse(new TextDecoder().decode(index)) as { stripes: [number, number, string, number][] }
  return stripes.map(([volume, alt, cookie, bytes]) => ({ locator: { volume, alt, cookie }, bytes }))
}

/** Bytes of the whole file. */
export function bytesOfStripes(stripes: readonly Stripe[]): number {
  return stripes.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The parts that make up the file from `start` to `end`, inclusive. */
export function stripeParts(stripes: readonly Stripe[], start: number, end: number): StripePart[] {
  const parts: StripePart[] = []
  let offset = 0
  for (const { locator, bytes } of stripes) {
    const [from, to] = [Math.max(0, start - offset), Math.min(bytes - 1, end - offset)]
    if (from <= to) parts.push({ locator, start: from, end: to })
    offset += bytes
  }
  return parts
}
