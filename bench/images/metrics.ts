/** Interleaved pixels of 8 bits with as many channels as said. */
export interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: number
}

/** Peak signal-to-noise ratio over all colour channels, in dB; Infinity for the same pixels. */
export function psnr(one: Pixels, other: Pixels): number {
  assertAlike(one, other)
  let sum = 0
  const pixels = one.width * one.height
  for (let pixel = 0; pixel < pixels; pixel++)
    for (let channel = 0; channel < 3; channel++)
      sum += ((one.data[pixel * one.channels + channel] ?? 0) - (other.data[pixel * other.channels + channel] ?? 0)) ** 2
  return 10 * Math.log10(255 ** 2 / (sum / (3 * pixels)))
}

const WINDOW = 8
const STEP = 4

/** Structural similarity of the luma (Wang et al., 2004), mean over windows of 8 x 8 in steps of 4. */
export function ssim(one: Pixels, other: Pixels): number {
  assertAlike(one, other)
  const [a, b] = [lumaOf(one), lumaOf(other)]
  const { width, height } = one
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2]
  let total = 0
  let windows = 0
  for (let top = 0; top + WINDOW <= height; top += STEP)
    for (let left = 0; left + WINDOW <= width; left += STEP) {
      let [sumA, sumB, squaresA, squaresB, products] = [0, 0, 0, 0, 0]
      for (let y = top; y < top + WINDOW; y++)
        for (let x = left; x < left + WINDOW; x++) {
          const [p, q] = [a[y * width + x] ?? 0, b[y * width + x] ?? 0]
          sumA += p
          sumB += q
          squaresA += p * p
          squaresB += q * q
          products += p * q
        }
      const count = WINDOW ** 2
      const [meanA, meanB] = [sumA / count, sumB / count]
      const [varianceA, varianceB] = [squaresA / count - meanA ** 2, squaresB / count - meanB ** 2]
      const covariance = products / count - meanA * meanB
      total += ((2 * meanA * meanB + c1) * (2 * covariance + c2)) / ((meanA ** 2 + meanB ** 2 + c1) * (varianceA + varianceB + c2))
      windows++
    }
  return windows === 0 ? 1 : total / windows
}

function lumaOf({ data, width, height, channels }: Pixels): Float32Array {
  const luma = new Float32Array(width * height)
  for (let pixel = 0; pixel < luma.length; pixel++) {
    const at = pixel * channels
    luma[pixel] = 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0)
  }
  return luma
}

function assertAlike(one: Pixels, other: Pixels): void {
  if (one.width !== other.width || one.height !== other.height)
    throw new Error(`${one.width} x ${one.height} cannot be compared with ${other.width} x ${other.height}`)
}
