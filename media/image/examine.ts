import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import { admitImage, type ImageLimits } from '../../domain/plan-image.ts'
import { sniff } from '../../domain/sniff.ts'
import { readHeader } from './header.ts'
import type { ImageHeader } from './header-parts.ts'

export type DecodeLimits = ImageLimits &
  Pick<Limits, 'sniffBytes' | 'imageDecodeApartBytesMin' | 'imageDecodeApartAddressBytesMax' | 'imageDecodeMsMax'>

/**
 * The type told by the bytes and the header, refused where a decode would cost too much; no decoder is involved.
 * MEDIA_TYPE_UNSUPPORTED, MEDIA_CORRUPT, MEDIA_TOO_MANY_PIXELS, MEDIA_TOO_COSTLY, MEDIA_TOO_LONG.
 */
export function examine(bytes: Uint8Array, limits: DecodeLimits): ImageHeader {
  const type = sniff(bytes.subarray(0, limits.sniffBytes))
  if (typeof type !== 'string') throw new MediaError('MEDIA_TYPE_UNSUPPORTED', `This is ${type.refused}.`)
  const header = readHeader(bytes, type)
  admitImage(header.probe, limits)
  return header
}
