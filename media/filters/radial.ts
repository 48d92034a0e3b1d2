/** Steps of squared distance in which the gain is tabulated: the gain then errs by less than a 256th. */
const STEPS = 1_024

/**
 * Multiplies every pixel by the gain of its distance from the centre, in place; alpha is left alone.
 * `radial` as in {@link Filter}. `raw` is `width` x `height`, 8 bits, `channels` of 3 or 4 interleaved.
 */
export function applyRadial(raw: Uint8Array, width: number, height: number, channels: number, radial: readonly number[]): void {
  const gains = Float32Array.from({ length: STEPS + 1 }, (_, step) => gainAt(radial, step / STEPS))
  const across = squaredOffsets(width)
  const down = squaredOffsets(height)
  const farthest = (across[0] ?? 0) + (down[0] ?? 0) || 1
  const scale = STEPS / farthest
  let at = 0
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++, at += channels) {
      const gain = gains[(((across[x] as number) + (down[y] as number)) * scale) | 0] as number
      for (let channel = 0; channel < 3; channel++) raw[at + channel] = Math.min(255, (raw[at + channel] as number) * gain + 0.5)
    }
}

function gainAt(radial: readonly number[], squaredDistance: number): number {
  return Math.max(
    0,
    radial.reduce((sum, coefficient, power) => sum + coefficient * squaredDistance ** power, 0),
  )
}

function squaredOffsets(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => (index - (length - 1) / 2) ** 2)
}
