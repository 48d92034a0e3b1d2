import sharp from 'sharp'
import { MediaError } from '../../domain/errors.ts'
import type { ImageProbe } from '../../domain/plans.ts'
import type { DecodeLimits } from './examine.ts'
import { type Picture, pictureFrom } from './picture.ts'

/** Mirroring left to right, upside down, then clockwise turning that bring each EXIF orientation upright (EXIF 2.32, 4.6.4). */
const uprightings: readonly { readonly flop: boolean; readonly flip: boolean; readonly turn: number }[] = [
  { flop: false, flip: false, turn: 0 },
  { flop: true, flip: false, turn: 0 },
  { flop: false, flip: false, turn: 180 },
  { flop: false, flip: true, turn: 0 },
  { flop: true, flip: false, turn: 270 },
  { flop: false, flip: false, turn: 90 },
  { flop: true, flip: false, turn: 90 },
  { flop: false, flip: false, turn: 270 },
]

/**
 * The one decode of an item: to `width` x `height` as seen, upright, in sRGB, of an animation the first frame.
 * Scaling comes before turning, so that the decoder can go row by row and only the small picture is turned.
 * MEDIA_CORRUPT, MEDIA_TOO_COSTLY.
 */
export async function decodeUpright(
  bytes: Uint8Array,
  probe: ImageProbe,
  width: number,
  height: number,
  limits: DecodeLimits,
): Promise<Picture> {
  const lying = probe.orientation >= 5
  const upright = uprightings[probe.orientation - 1]
  if (!upright) throw new Error(`no EXIF orientation ${probe.orientation}`)
  try {
    // Truncated and damaged files fail; odd but complete ones (warnings) do not.
    const source = sharp(bytes, { failOn: 'error', limitInputPixels: limits.imagePixelsMax, sequentialRead: true })
    const seen = await source.metadata()
    if (seen.width !== probe.width || (seen.pageHeight ?? seen.height) !== probe.height)
      throw new MediaError('MEDIA_CORRUPT', 'The header of the picture contradicts itself.')
    const pipeline = source
      // Shrinking while loading only up to half of the way: no moire, no shift, and no more CPU as measured.
      .resize({ width: lying ? height : width, height: lying ? width : height, fit: 'fill', kernel: 'lanczos3', fastShrinkOnLoad: false })
      .flop(upright.flop)
      .flip(upright.flip)
      .rotate(upright.turn)
    // With 16 bits and a profile sharp works in P3, and only an output profile makes it leave P3 again.
    if (seen.depth === 'ushort' && seen.hasProfile) pipeline.withIccProfile('srgb')
    return await pictureFrom(pipeline)
  } catch (error) {
    throw error instanceof MediaError ? error : decodeError(error)
  }
}

/** libvips reports in text only. */
function decodeError(error: unknown): MediaError {
  const text = error instanceof Error ? error.message : String(error)
  const detail = text.split('\n', 1)[0]?.slice(0, 200) ?? ''
  if (/out of memory|unable to allocate/i.test(text)) return new MediaError('MEDIA_TOO_COSTLY', undefined, { cause: error })
  if (/pixel limit/i.test(text)) return new MediaError('MEDIA_TOO_MANY_PIXELS', undefined, { cause: error })
  return new MediaError('MEDIA_CORRUPT', `The picture cannot be decoded: ${detail}`, { cause: error })
}
