import sharp, { type Sharp } from 'sharp'

/** Decoded pixels: 8 bits per channel, interleaved, sRGB; three channels, or four with straight alpha. */
export interface Picture {
  readonly data: Buffer
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
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

/** The picture at exactly this size, by Lanczos; the same picture when it has that size already. */
export async function resized(picture: Picture, width: number, height: number): Promise<Picture> {
  if (picture.width === width && picture.height === height) return picture
  return await pictureFrom(pipelineOf(picture).resize({ width, height, fit: 'fill', kernel: 'lanczos3' }))
}

/** Without its alpha channel where every pixel is opaque anyway: encoders then have less to do. */
export async function withoutIdleAlpha(picture: Picture): Promise<Picture> {
  const { data, channels } = picture
  if (channels === 3) return picture
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return picture
  return await pictureFrom(pipelineOf(picture).removeAlpha())
}
