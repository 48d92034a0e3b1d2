import sharp, { type Sharp } from 'sharp'

/** Decoded pixels: 8 bits per channel, interleaved, sRGB unless said otherwise; three channels, or four with straight alpha. */
export interface Picture {
  readonly data: Buffer
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
  /** The values are Display P3's, because sRGB does not have the colours; told only by the decoder. */
  readonly isP3?: true
  /** It was made sRGB though its profile has more; told only by the decoder. */
  readonly narrowed?: true
}

/** A pipeline that starts from the pixels. */
export function pipelineOf({ data, width, height, channels }: Picture): Sharp {
  return sharp(data, { raw: { width, height, channels } })
}

/** Runs a pipeline into pixels. */
export async function pictureFrom(pipeline: Sharp): Promise<Picture> {
  const { data, info } = await pipeline.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (channels !== 3 && channels !== 4) throw new Error(`a decoded picture has ${channels} channels`)
  return { data, width, height, channels }
}

/** Runs a pipeline into pixels of 16 bits per channel, in whatever colours they are. */
export async function deepPixels(pipeline: Sharp) {
  const { data, info } = await pipeline.toColourspace('rgb16').raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  if (channels !== 3 && channels !== 4) throw new Error(`a decoded picture has ${channels} channels`)
  return { data: new Uint16Array(data.buffer, data.byteOffset, data.length / 2), width, height, channels: channels as 3 | 4 }
}

/** From four times the size on libvips averages whole pixels before it filters, which costs 5 to 8 dB against Lanczos alone. */
const SHRINK_MAX = 4

/**
 * Gives the picture at smaller and smaller sizes, by Lanczos: each from the largest one so far that is less than four
 * times as large, so that as little as possible is filtered twice.
 */
export function sizerOf(top: Picture): (width: number, height: number) => Promise<Picture> {
  const made = [top]
  return async (width, height) => {
    const same = made.find((picture) => picture.width === width && picture.height === height)
    if (same) return same
    const source = made.find((larger) => larger.width < SHRINK_MAX * width && larger.height < SHRINK_MAX * height) ?? made.at(-1) ?? top
    const picture = await pictureFrom(pipelineOf(source).resize({ width, height, fit: 'fill', kernel: 'lanczos3' }))
    made.push(picture)
    return picture
  }
}

/** A rectangle of the picture. */
export async function partOf(
  picture: Picture,
  { left, top, width, height }: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
): Promise<Picture> {
  return await pictureFrom(pipelineOf(picture).extract({ left, top, width, height }))
}

/** Without its alpha channel where every pixel is opaque anyway: encoders then have less to do. */
export async function withoutIdleAlpha(picture: Picture): Promise<Picture> {
  const { data, channels } = picture
  if (channels === 3) return picture
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return picture
  return await pictureFrom(pipelineOf(picture).removeAlpha())
}
