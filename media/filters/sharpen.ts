import type { Pixels } from './lut.ts'

/** Luma is kept in so many parts of one of 256, so that rounding is not what is sharpened. */
const PARTS = 8
/** Rec. 709's weights, of 65536. */
const [RED, GREEN, BLUE] = [13_933, 46_871, 4_732]

/**
 * An unsharp mask over lightness, in place: what a blur of 1 4 6 4 1 both ways takes away is added. ffmpeg's
 * `unsharp=5:5` has the very same kernel and works on luma, so frames of a video come out the same.
 */
export function applySharpening({ data, width, height, channels }: Pixels, factor: number): void {
  const lumas = new Int32Array(width * height)
  for (let pixel = 0, at = 0; pixel < lumas.length; pixel++, at += channels)
    lumas[pixel] = (RED * (data[at] as number) + GREEN * (data[at + 1] as number) + BLUE * (data[at + 2] as number)) >> 13
  const across = blurredAcross(lumas, width, height)
  const scale = factor / PARTS
  const row = (y: number) => Math.min(height - 1, Math.max(0, y)) * width
  let at = 0
  for (let y = 0; y < height; y++) {
    const [a, b, c, d, e] = [row(y - 2), row(y - 1), row(y), row(y + 1), row(y + 2)]
    for (let x = 0; x < width; x++, at += channels) {
      const sum =
        (across[a + x] as number) +
        4 * ((across[b + x] as number) + (across[d + x] as number)) +
        6 * (across[c + x] as number) +
        (across[e + x] as number)
      const added = Math.round(((lumas[c + x] as number) - sum / 256) * scale)
      if (added === 0) continue
      data[at] = clamped((data[at] as number) + added)
      data[at + 1] = clamped((data[at + 1] as number) + added)
      data[at + 2] = clamped((data[at + 2] as number) + added)
    }
  }
}

/** Each row blurred by 1 4 6 4 1, edges continued, times 16. */
function blurredAcross(lumas: Int32Array, width: number, height: number): Int32Array {
  const blurred = new Int32Array(lumas.length)
  const last = width - 1
  for (let y = 0; y < height; y++) {
    const start = y * width
    for (let x = 0; x < width; x++) {
      const [a, b, d, e] =
        x > 1 && x < last - 1
          ? [x - 2, x - 1, x + 1, x + 2]
          : [Math.max(0, x - 2), Math.max(0, x - 1), Math.min(last, x + 1), Math.min(last, x + 2)]
      blurred[start + x] =
        (lumas[start + a] as number) +
        4 * ((lumas[start + b] as number) + (lumas[start + d] as number)) +
        6 * (lumas[start + x] as number) +
        (lumas[start + e] as number)
    }
  }
  return blurred
}

function clamped(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value
}
