import type { Pixels } from './metrics.ts'

const LOBES = 3

/**
 * The picture at this size by Lanczos with three lobes over every pixel of the source, in floating point and rounded
 * once: libvips averages whole pixels first where much is taken away.
 */
export function lanczos(source: Pixels, width: number, height: number): Pixels {
  const { channels } = source
  const across = weightsOf(source.width, width)
  const narrow = new Float32Array(source.height * width * channels)
  for (let y = 0; y < source.height; y++)
    for (let x = 0; x < width; x++) {
      const { from, weights } = across[x] as Weights
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0
        for (let tap = 0; tap < weights.length; tap++)
          sum += (weights[tap] as number) * (source.data[(y * source.width + from + tap) * channels + channel] as number)
        narrow[(y * width + x) * channels + channel] = sum
      }
    }
  const row = width * channels
  const data = new Uint8Array(height * row)
  for (const [y, { from, weights }] of weightsOf(source.height, height).entries())
    for (let at = 0; at < row; at++) {
      let sum = 0
      for (let tap = 0; tap < weights.length; tap++) sum += (weights[tap] as number) * (narrow[(from + tap) * row + at] as number)
      data[y * row + at] = Math.min(255, Math.max(0, Math.round(sum)))
    }
  return { data, width, height, channels }
}

interface Weights {
  readonly from: number
  readonly weights: Float64Array
}

/** For each pixel of the result the source pixels that count and how much; pixel centres lie at halves. */
function weightsOf(source: number, result: number): Weights[] {
  const scale = source / result
  const reach = LOBES * Math.max(1, scale)
  return Array.from({ length: result }, (_, place) => {
    const centre = (place + 0.5) * scale - 0.5
    const from = Math.max(0, Math.ceil(centre - reach))
    const until = Math.min(source - 1, Math.floor(centre + reach))
    const weights = Float64Array.from({ length: until - from + 1 }, (_, tap) => kernel((from + tap - centre) / Math.max(1, scale)))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return { from, weights: weights.map((weight) => weight / sum) }
  })
}

function kernel(at: number): number {
  if (at === 0) return 1
  if (Math.abs(at) >= LOBES) return 0
  const angle = Math.PI * at
  return (LOBES * Math.sin(angle) * Math.sin(angle / LOBES)) / angle ** 2
}
