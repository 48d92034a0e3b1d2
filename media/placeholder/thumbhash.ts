interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
}

/** The format is for pictures of at most so many pixels a side: a larger one only costs more. */
export const thumbhashSideMax = 100

/**
 * Thumbhash (Evan Wallace's format) as base64: a placeholder with its aspect ratio and alpha in some 25 bytes. The
 * cosines of lightness, of yellow against blue, of red against green and of alpha, as nibbles behind a header.
 */
export function thumbhashOf({ data, width, height, channels }: Pixels): string {
  if (width > thumbhashSideMax || height > thumbhashSideMax) throw new Error(`a thumbhash of ${width} x ${height}`)
  const count = width * height
  const alphas = Float64Array.from({ length: count }, (_, pixel) => (channels === 4 ? (data[pixel * 4 + 3] ?? 0) / 255 : 1))
  const opacity = alphas.reduce((sum, alpha) => sum + alpha, 0)
  const mean = [0, 1, 2].map((channel) => {
    const sum = alphas.reduce((all, alpha, pixel) => all + (alpha * (data[pixel * channels + channel] ?? 0)) / 255, 0)
    return opacity > 0 ? sum / opacity : 0
  })
  // What is transparent has the mean colour: it then says nothing of its own.
  const [reds, greens, blues] = [0, 1, 2].map((channel) =>
    alphas.map((alpha, pixel) => (mean[channel] ?? 0) * (1 - alpha) + (alpha * (data[pixel * channels + channel] ?? 0)) / 255),
  ) as [Float64Array, Float64Array, Float64Array]
  const of = (mix: (red: number, green: number, blue: number) => number) =>
    reds.map((red, pixel) => mix(red, greens[pixel] ?? 0, blues[pixel] ?? 0))

  const hasAlpha = opacity < count
  const most = hasAlpha ? 5 : 7
  const across = Math.max(1, Math.round((most * width) / Math.max(width, height)))
  const down = Math.max(1, Math.round((most * height) / Math.max(width, height)))
  const part = (values: Float64Array, x: number, y: number) => cosinesOf(values, width, height, x, y)
  const light = part(
    of((red, green, blue) => (red + green + blue) / 3),
    Math.max(3, across),
    Math.max(3, down),
  )
  const yellow = part(
    of((red, green, blue) => (red + green) / 2 - blue),
    3,
    3,
  )
  const red = part(
    of((r, g) => r - g),
    3,
    3,
  )
  const alpha = hasAlpha ? part(alphas, 5, 5) : null

  const lying = width > height
  const header =
    Math.round(63 * light.constant) |
    (Math.round(31.5 + 31.5 * yellow.constant) << 6) |
    (Math.round(31.5 + 31.5 * red.constant) << 12) |
    (Math.round(31 * light.scale) << 18) |
    (hasAlpha ? 1 << 23 : 0)
  const shape = (lying ? down : across) | (Math.round(63 * yellow.scale) << 3) | (Math.round(63 * red.scale) << 9) | (lying ? 1 << 15 : 0)
  const bytes = [header & 255, (header >> 8) & 255, header >> 16, shape & 255, shape >> 8]
  if (alpha) bytes.push(Math.round(15 * alpha.constant) | (Math.round(15 * alpha.scale) << 4))
  const nibbles = [light, yellow, red, ...(alpha ? [alpha] : [])].flatMap(({ waves }) => waves.map((wave) => Math.round(15 * wave)))
  for (let at = 0; at < nibbles.length; at += 2) bytes.push((nibbles[at] ?? 0) | ((nibbles[at + 1] ?? 0) << 4))
  return Buffer.from(bytes).toString('base64')
}

interface Cosines {
  readonly constant: number
  /** The largest wave. */
  readonly scale: number
  /** 0..1, where a half is none. */
  readonly waves: readonly number[]
}

/** The amplitudes of the waves of up to `wavesX` x `wavesY`, the upper left triangle of them, row by row. */
function cosinesOf(values: Float64Array, width: number, height: number, wavesX: number, wavesY: number): Cosines {
  let constant = 0
  let scale = 0
  const waves: number[] = []
  for (let down = 0; down < wavesY; down++)
    for (let across = 0; across * wavesY < wavesX * (wavesY - down); across++) {
      const cosines = Float64Array.from({ length: width }, (_, x) => Math.cos((Math.PI / width) * across * (x + 0.5)))
      let sum = 0
      for (let y = 0; y < height; y++) {
        const cosine = Math.cos((Math.PI / height) * down * (y + 0.5))
        // In this order: waves of nearly nothing lie between two nibbles, and every encoder should round them alike.
        for (let x = 0; x < width; x++) sum += (values[y * width + x] as number) * (cosines[x] as number) * cosine
      }
      const amplitude = sum / (width * height)
      if (across === 0 && down === 0) constant = amplitude
      else {
        waves.push(amplitude)
        scale = Math.max(scale, Math.abs(amplitude))
      }
    }
  return { constant, scale, waves: scale > 0 ? waves.map((wave) => 0.5 + (0.5 / scale) * wave) : waves }
}
