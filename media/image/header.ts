import { MediaError } from '../../domain/errors.ts'
import type { SourceType } from '../../domain/plans.ts'
import { readHeifHeader } from './header-heif.ts'
import { readGifHeader } from './header-gif.ts'
import { readJpegHeader } from './header-jpeg.ts'
import type { ImageHeader } from './header-parts.ts'
import { readPngHeader } from './header-png.ts'
import { readWebpHeader } from './header-webp.ts'

/**
 * What the header says, by our own bounds-checked parsers: no decoder has seen the bytes yet, and what is told
 * here is what admission, planning and development all go by. MEDIA_CORRUPT, MEDIA_TYPE_UNSUPPORTED.
 */
export function readHeader(bytes: Uint8Array, type: SourceType): ImageHeader {
  switch (type) {
    case 'image/jpeg':
      return readJpegHeader(bytes)
    case 'image/png':
      return readPngHeader(bytes)
    case 'image/webp':
      return readWebpHeader(bytes)
    case 'image/gif':
      return readGifHeader(bytes)
    case 'image/heic':
    case 'image/avif':
      return readHeifHeader(bytes, type)
    default:
      throw new MediaError('MEDIA_TYPE_UNSUPPORTED', 'This is a video, not an image.')
  }
}
