import { textAt } from '../../domain/bytes.ts'
import { orientationOf } from '../metadata/orientation.ts'
import { animationOf, shownMs } from './animation.ts'
import { corrupt, type ImageHeader, tiffWithin, viewOf } from './header-parts.ts'

/** Where chunks begin: after RIFF, the size and WEBP. */
const FIRST_CHUNK = 12
const ALPHA_FLAG = 0x10
const ANIMATION_FLAG = 0x02

interface Canvas {
  readonly width: number
  readonly height: number
  readonly hasAlpha: boolean
  readonly animated: boolean
}

/** VP8, VP8L or VP8X and the chunks after it (RFC 9649, section 2). MEDIA_CORRUPT. */
export function readWebpHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  let canvas: Canvas | null = null
  let exif: Uint8Array | null = null
  const durationsMs: number[] = []
  let loops = 1
  for (let offset = FIRST_CHUNK; offset + 8 <= bytes.length; ) {
    const name = textAt(bytes, offset, 4)
    const length = view.getUint32(offset + 4, true)
    const data = bytes.subarray(offset + 8, offset + 8 + length)
    if (name === 'VP8X') canvas ??= readExtended(data)
    if (name === 'VP8 ') canvas ??= readLossy(data)
    if (name === 'VP8L') canvas ??= readLossless(data)
    if (name === 'ANIM' && data.length >= 6) loops = (data[4] ?? 0) + ((data[5] ?? 0) << 8)
    if (name === 'ANMF' && data.length >= 16) durationsMs.push(number24(data, 12))
    if (name === 'EXIF') exif ??= tiffWithin(data)
    // Chunks are padded to an even length.
    offset += 8 + length + (length & 1)
  }
  if (!canvas) throw corrupt('The WebP ends before its picture.')
  if (canvas.width === 0 || canvas.height === 0) throw corrupt('The WebP has an impossible size.')
  const moves = canvas.animated && durationsMs.length > 1
  return {
    probe: {
      type: 'image/webp',
      width: canvas.width,
      height: canvas.height,
      orientation: exif ? orientationOf(exif) : 1,
      frames: moves ? durationsMs.length : 1,
      hasAlpha: canvas.hasAlpha,
      heldWhole: true,
      // The finished picture and the decoder's own, four channels each; an animation keeps two canvases more.
      decodeBytesPerPixel: canvas.animated ? 16 : 8,
      ...(moves ? { animation: animationOf(durationsMs, loops) } : {}),
    },
    exif,
    ...(moves ? { durationsMs: durationsMs.map(shownMs) } : {}),
  }
}

/** Flags, then width and height less one in 24 bits each (section 2.7.1). */
function readExtended(data: Uint8Array): Canvas {
  if (data.length < 10) throw corrupt('The header of the WebP is damaged.')
  const [flags = 0] = data
  return {
    width: number24(data, 4) + 1,
    height: number24(data, 7) + 1,
    hasAlpha: (flags & ALPHA_FLAG) !== 0,
    animated: (flags & ANIMATION_FLAG) !== 0,
  }
}

function number24(data: Uint8Array, offset: number): number {
  return (data[offset] ?? 0) + ((data[offset + 1] ?? 0) << 8) + ((data[offset + 2] ?? 0) << 16)
}

/** Three bytes of frame tag, a start code, then 14 bits each (RFC 6386, section 9.1). */
function readLossy(data: Uint8Array): Canvas {
  if (data.length < 10 || data[3] !== 0x9d || data[4] !== 0x01 || data[5] !== 0x2a)
    throw corrupt('The frame header of the WebP is damaged.')
  const at = (offset: number) => (data[offset] ?? 0) + (((data[offset + 1] ?? 0) & 0x3f) << 8)
  return { width: at(6), height: at(8), hasAlpha: false, animated: false }
}

/** A signature byte, then 14 bits each less one and the alpha bit (RFC 9649, section 3.4). */
function readLossless(data: Uint8Array): Canvas {
  if (data.length < 5 || data[0] !== 0x2f) throw corrupt('The frame header of the WebP is damaged.')
  const packed = viewOf(data).getUint32(1, true)
  return { width: (packed & 0x3fff) + 1, height: ((packed >>> 14) & 0x3fff) + 1, hasAlpha: ((packed >>> 28) & 1) === 1, animated: false }
}
