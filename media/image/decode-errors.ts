import { MediaError } from '../../domain/errors.ts'

/** Where a decoder sees another picture than our reader of headers. */
export function contradiction(): MediaError {
  return new MediaError('MEDIA_CORRUPT', 'The header of the picture contradicts itself.')
}

/** What a decoder's error means; libvips reports in text only. */
export function decodeError(error: unknown): MediaError {
  if (error instanceof MediaError) return error
  const text = error instanceof Error ? error.message : String(error)
  const detail = text.split('\n', 1)[0]?.slice(0, 200) ?? ''
  if (/no space left|disk quota/i.test(text)) return new MediaError('STORAGE_FULL', undefined, { cause: error })
  if (/out of memory|unable to allocate/i.test(text)) return new MediaError('MEDIA_TOO_COSTLY', undefined, { cause: error })
  // The header was sound: it is a kind of the container that libvips leaves alone, such as a sequence.
  if (/unsupported image format/i.test(text))
    return new MediaError('MEDIA_TYPE_UNSUPPORTED', 'This kind of picture is not decoded.', { cause: error })
  if (/pixel limit/i.test(text)) return new MediaError('MEDIA_TOO_MANY_PIXELS', undefined, { cause: error })
  return new MediaError('MEDIA_CORRUPT', `The picture cannot be decoded: ${detail}`, { cause: error })
}
