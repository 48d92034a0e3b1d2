import { textAt } from '../../domain/bytes.ts'
import { MediaError } from '../../domain/errors.ts'
import type { HeifGain } from './heif-gain.ts'
import type { ImageProbe } from '../../domain/plans.ts'

export interface ImageHeader {
  readonly probe: ImageProbe
  /** The EXIF block, a TIFF structure of its own; nothing in it has been trusted yet. */
  readonly exif: Uint8Array | null
  /** So many bytes are the picture's; a clip is behind them. */
  readonly stillBytes?: number
  /** How long each frame of an animation is shown. */
  readonly durationsMs?: readonly number[]
  /** How the pixels' colours are meant, where our decoder for the type does not see to it itself. */
  readonly colour?: PixelColour
  /** Of a HEIF file: its gain map, or null for one that is not understood. */
  readonly gain?: HeifGain | null
  /** Pictures follow one another, and the first is taken for a still. */
  readonly sequence?: true
  /** More than 8 bits a channel. */
  readonly deep?: true
}

/** An ICC profile, or code points of ITU-T H.273: primaries (table 2) and transfer (table 3). */
export type PixelColour = { readonly icc: Uint8Array } | { readonly primaries: number; readonly transfer: number }

/** MEDIA_CORRUPT with what is wrong. */
export function corrupt(detail: string): MediaError {
  return new MediaError('MEDIA_CORRUPT', detail)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The TIFF structure within an EXIF block: writers differ on whether the `Exif` lead belongs to it. */
export function tiffWithin(block: Uint8Array): Uint8Array {
  return textAt(block, 0, 4) === 'Exif' ? block.subarray(6) : block
}
