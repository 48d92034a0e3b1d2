import { textAt } from '../../domain/bytes.ts'
import { animationOf } from './animation.ts'
import { corrupt, type ImageHeader, viewOf } from './header-parts.ts'

const EXTENSION = 0x21
const GRAPHIC_CONTROL = 0xf9
const APPLICATION = 0xff
const IMAGE = 0x2c
const TRAILER = 0x3b
/** Where the blocks begin when there is no table of colours. */
const AFTER_SCREEN = 13
/** The canvas, the one before it that a frame may bring back, and the row that libvips is given, four channels each. */
const BYTES_PER_PIXEL = 12

interface Walk {
  readonly durationsMs: readonly number[]
  readonly loops: number
  readonly transparent: boolean
}

/** The logical screen and a walk over the blocks for frames, their times and the loop (GIF89a specification). MEDIA_CORRUPT. */
export function readGifHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  if (bytes.length < AFTER_SCREEN) throw corrupt('The GIF ends within its header.')
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)]
  if (width === 0 || height === 0) throw corrupt('The GIF has an impossible size.')
  const { durationsMs, loops, transparent } = walkBlocks(bytes, view, width, height)
  const frames = durationsMs.length
  if (frames === 0) throw corrupt('The GIF ends before its picture.')
  return {
    probe: {
      type: 'image/gif',
      width,
      height,
      orientation: 1,
      frames,
      hasAlpha: transparent,
      heldWhole: true,
      decodeBytesPerPixel: BYTES_PER_PIXEL,
      ...(frames > 1 ? { animation: animationOf(durationsMs, loops) } : {}),
    },
    exif: null,
  }
}

/** Hops from block to block; what is cut off or out of place ends the walk, and the decoder has its say later. */
function walkBlocks(bytes: Uint8Array, view: DataView, width: number, height: number): Walk {
  const durationsMs: number[] = []
  let loops = 1
  let transparent = false
  let delayMs = 0
  let offset = AFTER_SCREEN + tableBytes(bytes[10])
  for (;;) {
    const block = bytes[offset]
    if (block === EXTENSION) {
      const label = bytes[offset + 1]
      if (label === GRAPHIC_CONTROL && offset + 8 <= bytes.length) {
        // Hundredths of a second.
        delayMs = 10 * view.getUint16(offset + 4, true)
        if (((bytes[offset + 3] ?? 0) & 1) === 1) transparent = true
      }
      // Netscape's block: played once, and as often again as it says.
      if (
        label === APPLICATION &&
        textAt(bytes, offset + 3, 11) === 'NETSCAPE2.0' &&
        bytes[offset + 15] === 1 &&
        offset + 18 <= bytes.length
      ) {
        const again = view.getUint16(offset + 16, true)
        loops = again === 0 ? 0 : again + 1
      }
      offset = afterSubBlocks(bytes, offset + 2)
    } else if (block === IMAGE && offset + 11 <= bytes.length) {
      const covers = view.getUint16(offset + 5, true) >= width && view.getUint16(offset + 7, true) >= height
      if (durationsMs.length === 0 && !covers) transparent = true
      durationsMs.push(delayMs)
      delayMs = 0
      offset = afterSubBlocks(bytes, offset + 10 + tableBytes(bytes[offset + 9]) + 1)
    } else if (block === TRAILER || block !== 0) {
      return { durationsMs, loops, transparent }
    } else {
      // Encoders leave stray terminators between blocks.
      offset++
    }
  }
}

/** Bytes of the colour table that a packed field announces. */
function tableBytes(packed = 0): number {
  return (packed & 0x80) === 0 ? 0 : 3 << ((packed & 7) + 1)
}

/** Past the sub-blocks from here, each a length and so many bytes, to the empty one that ends them. */
function afterSubBlocks(bytes: Uint8Array, from: number): number {
  let offset = from
  for (let length = bytes[offset]; length !== undefined; length = bytes[offset]) {
    offset += 1 + length
    if (length === 0) break
  }
  return offset
}
