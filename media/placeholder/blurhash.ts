import { encode } from 'blurhash'

interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
}

/**
 * Blurhash (Wolt's format) of a small sRGB picture: 4 x 3 components lying, 3 x 4 standing, so 28 characters.
 * Its cost is pixels times components: give it about 32 pixels a side.
 */
export function blurhashOf({ data, width, height, channels }: Pixels): string {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) rgba.set(data.subarray(from, from + 3), to)
  return width >= height ? encode(rgba, width, height, 4, 3) : encode(rgba, width, height, 3, 4)
}
