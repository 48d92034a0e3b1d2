import { encode } from 'blurhash'

interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
}

/**
 * Blurhash (Wolt's format) of a picture scaled to a small square of sRGB pixels: 4 x 3 components where the picture
 * is `lying`, 3 x 4 where it stands, so 28 characters. Its cost is pixels times components: some 32 pixels a side
 * are plenty. Few pixels along a side would be worse than wasteful: the cosines no longer cancel out.
 */
export function blurhashOf({ data, width, height, channels }: Pixels, lying: boolean): string {
  const rgba = new Uint8ClampedArray(width * height * 4).fill(255)
  for (let from = 0, to = 0; to < rgba.length; from += channels, to += 4) rgba.set(data.subarray(from, from + 3), to)
  return lying ? encode(rgba, width, height, 4, 3) : encode(rgba, width, height, 3, 4)
}
