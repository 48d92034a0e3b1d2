import sharp, { type Sharp } from 'sharp'
import {
  type Frame,
  orientationAfter,
  type Rectangle,
  sizeBeforeStraightening,
  type Size,
  storedRectangle,
  type Turning,
  turningOf,
} from '../../domain/framing.ts'
import type { ImageProbe } from '../../domain/plans.ts'
import { asStillAvif } from './avif-still.ts'
import { meansSrgb, srgbFrom } from './code-points.ts'
import { contradiction, decodeError } from './decode-errors.ts'
import type { DecodeLimits } from './examine.ts'
import { createHeicDecoder } from './heic.ts'
import type { ImageHeader, PixelColour } from './header-parts.ts'
import { deepPixels, type Picture, pictureFrom } from './picture.ts'
import { straightened } from './straighten.ts'
import { tagged } from './tagged.ts'
import { shownOf, wideSourceOf } from './wide-source.ts'

/**
 * Makes the decoder: to `width` x `height` as seen, upright and framed, in sRGB, of an animation the first frame.
 * Scaling comes before turning, so that libvips can go row by row and only the small picture is turned.
 * It throws MEDIA_CORRUPT, MEDIA_TOO_COSTLY.
 */
export function createDecoder(limits: DecodeLimits, decodeHeic = createHeicDecoder(), decodeApart: ApartDecoder | null = null) {
  return async function decodeUpright(bytes: Uint8Array, header: ImageHeader, wanted: Wanted): Promise<Picture> {
    const { frame } = wanted
    if (!frame || frame.straighten === 0) return await decode(bytes, header, wanted)
    const turned = await decode(bytes, header, { ...wanted, ...sizeBeforeStraightening(frame, wanted) })
    const { isP3, narrowed } = turned
    return { ...(await straightened(turned, frame.straighten, wanted)), ...(isP3 ? { isP3 } : {}), ...(narrowed ? { narrowed } : {}) }
  }

  async function decode(bytes: Uint8Array, header: ImageHeader, wanted: Wanted): Promise<Picture> {
    const shape = shaper(header.probe, wanted)
    try {
      const apart = await decodeApart?.(bytes, header, wanted)
      if (apart) return apart
      if (header.probe.type === 'image/heic') return await meant(shape(await heicPixels(bytes, header.probe)), header.colour, wanted)
      const source = await opened(bytes, header.probe, limits, wanted)
      const pipeline = shape(source.pipeline)
      if (source.wide) return shownOf(await (source.deep ? deepPixels(pipeline) : pictureFrom(pipeline)), source.wide)
      if (header.colour && 'primaries' in header.colour && !source.hasProfile) return await inSrgb(pipeline, header.colour)
      // With 16 bits and a profile sharp works in P3, and only an output profile makes it leave P3 again.
      if (source.deep && source.hasProfile) pipeline.withIccProfile('srgb')
      const picture = await pictureFrom(pipeline)
      return source.narrowed ? { ...picture, narrowed: true } : picture
    } catch (error) {
      throw decodeError(error)
    }
  }

  async function heicPixels(bytes: Uint8Array, probe: ImageProbe): Promise<Sharp> {
    const { data, width, height, channels } = await decodeHeic(bytes)
    if (width !== probe.width || height !== probe.height) throw contradiction()
    return sharp(data, { raw: { width, height, channels } })
  }
}

/** A decoder of some pictures only, in a process of its own; null of a picture that is not for it, or that it could not open. */
export type ApartDecoder = (bytes: Uint8Array, header: ImageHeader, wanted: Wanted) => Promise<Picture | null>

/** Size as seen of the decoded picture, and what part of the source it shows. */
export interface Wanted extends Size {
  readonly frame?: Frame | undefined
  /** Whether colours that sRGB does not have stay, in Display P3, as far as that has them. */
  readonly keepsP3?: boolean | undefined
}

/** sharp's pipeline for the bytes, once its idea of the picture's size is known to be ours. */
async function opened(file: Uint8Array, probe: ImageProbe, limits: DecodeLimits, { keepsP3 }: Wanted) {
  const bytes = probe.type === 'image/avif' ? asStillAvif(file) : file
  // Truncated and damaged files fail; odd but complete ones (warnings) do not.
  const options = { failOn: 'error', limitInputPixels: limits.imagePixelsMax, sequentialRead: true } as const
  const first = sharp(bytes, options)
  const seen = await first.metadata()
  const page = probe.type === 'image/avif' ? (seen.pagePrimary ?? 0) : 0
  const pipeline = page === 0 ? first : sharp(bytes, { ...options, page })
  const { width, height, pageHeight, depth, hasProfile, icc } = page === 0 ? seen : await pipeline.metadata()
  const seenHeight = pageHeight ?? height
  if (width !== probe.width || seenHeight !== probe.height) {
    if (probe.type !== 'image/gif') throw contradiction()
    return {
      pipeline: await onCanvas(pipeline, { width, height: seenHeight }, probe),
      deep: false,
      hasProfile: false,
      wide: null,
      narrowed: false,
    }
  }
  const has = icc ? wideSourceOf(icc) : null
  if (!keepsP3 || !has) return { pipeline, deep: depth === 'ushort', hasProfile, wide: null, narrowed: has !== null }
  // sharp goes through sRGB on its way to any other profile.
  return { pipeline: sharp(bytes, { ...options, page, ignoreIcc: true }), deep: depth === 'ushort', hasProfile, wide: has, narrowed: false }
}

/** A GIF on its own canvas: libvips goes by its frames where they do not fill it, or reach beyond it. */
async function onCanvas(pipeline: Sharp, seen: Size, canvas: Size): Promise<Sharp> {
  const [width, height] = [Math.min(seen.width, canvas.width), Math.min(seen.height, canvas.height)]
  const nothing = { r: 0, g: 0, b: 0, alpha: 0 }
  const drawn = pipeline.extract({ left: 0, top: 0, width, height }).ensureAlpha()
  const placed = drawn.extend({ right: canvas.width - width, bottom: canvas.height - height, background: nothing })
  const { data, info } = await placed.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
}

/** What brings a picture as it is stored to a size as seen: a part of it, scaled to a size, mirrored left to right and then turned. */
export interface Shape extends Size, Turning {
  /** All of it where there is none. */
  readonly part: Rectangle | undefined
}

export function shapeOf(probe: ImageProbe, { width, height, frame }: Wanted): Shape {
  const orientation = frame ? orientationAfter(probe.orientation, frame.orientation) : probe.orientation
  const size = orientation >= 5 ? { width: height, height: width } : { width, height }
  return { ...size, ...turningOf(orientation), part: frame && storedRectangle(frame.crop, frame.of, probe.orientation) }
}

/** The same, as something done to a pipeline. */
export function shaper(probe: ImageProbe, wanted: Wanted): (pipeline: Sharp) => Sharp {
  const { part, width, height, mirrored, turn } = shapeOf(probe, wanted)
  return (pipeline) =>
    (part ? pipeline.extract(part) : pipeline)
      // Shrinking while loading only up to half of the way: no moire, no shift, and no more CPU as measured.
      .resize({ width, height, fit: 'fill', kernel: 'lanczos3', fastShrinkOnLoad: false })
      .flop(mirrored)
      .rotate(turn)
}

/** Pixels of the pipeline in Display P3, where that is how they are meant and sRGB does not have them all; else in sRGB. */
async function meant(pipeline: Sharp, colour: PixelColour | undefined, { keepsP3 }: Wanted): Promise<Picture> {
  const wide = colour && 'icc' in colour ? wideSourceOf(colour.icc) : null
  if (wide && keepsP3) return shownOf(await pictureFrom(pipeline), wide)
  const picture = await inSrgb(pipeline, colour)
  return wide ? { ...picture, narrowed: true } : picture
}

/** Pixels of the pipeline, whose colours are meant as told; without a word they are sRGB. */
async function inSrgb(pipeline: Sharp, colour: PixelColour | undefined): Promise<Picture> {
  if (!colour || ('primaries' in colour && meansSrgb(colour))) return await pictureFrom(pipeline)
  if ('primaries' in colour) return srgbFrom(await deepPixels(pipeline), colour)
  const { data, width, height, channels } = await pictureFrom(pipeline)
  // A profile that is damaged or of another colour model is passed over, as it is in a JPEG.
  return await pictureFrom(sharp(tagged(data, width, height, channels, colour.icc)))
}
