import { textAt } from '../../domain/bytes.ts'
import { orientationOf } from '../metadata/orientation.ts'
import { MediaError } from '../../domain/errors.ts'
import { animationOf } from './animation.ts'
import { corrupt, type ImageHeader, tiffWithin, viewOf } from './header-parts.ts'

/** Signature, then IHDR, whose length, name, 13 bytes and checksum are fixed. */
const FIRST_CHUNK = 8
const AFTER_IHDR = 33
/** Text, profiles and the like: the decoder keeps them, several times over. */
const BESIDES_BYTES_MAX = 16 * 1024 ** 2

/** Channels without transparency, and the bit depths allowed, by colour type (PNG, third edition, table 12). */
const colourTypes: Readonly<Record<number, { readonly channels: number; readonly alpha: boolean; readonly depths: readonly number[] }>> = {
  0: { channels: 1, alpha: false, depths: [1, 2, 4, 8, 16] },
  2: { channels: 3, alpha: false, depths: [8, 16] },
  3: { channels: 3, alpha: false, depths: [1, 2, 4, 8] },
  4: { channels: 1, alpha: true, depths: [8, 16] },
  6: { channels: 3, alpha: true, depths: [8, 16] },
}

/** IHDR and a walk over the chunks for tRNS, eXIf and an animation's frames. MEDIA_CORRUPT. */
export function readPngHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  if (bytes.length < AFTER_IHDR) throw corrupt('The PNG ends within its header.')
  if (view.getUint32(FIRST_CHUNK) !== 13 || textAt(bytes, FIRST_CHUNK + 4, 4) !== 'IHDR')
    throw corrupt('The PNG does not start with its header.')
  const [width, height] = [view.getUint32(16), view.getUint32(20)]
  const [depth, colourType, interlace] = [view.getUint8(24), view.getUint8(25), view.getUint8(28)]
  const colour = colourTypes[colourType]
  if (width === 0 || height === 0 || width > 0x7fff_ffff || height > 0x7fff_ffff) throw corrupt('The PNG has an impossible size.')
  if (!colour || !colour.depths.includes(depth) || interlace > 1) throw corrupt('The header of the PNG is damaged.')

  const { transparent, exif, durationsMs, loops, hasData } = walkChunks(bytes, view)
  if (!hasData) throw corrupt('The PNG ends before its picture.')
  const hasAlpha = colour.alpha || transparent
  return {
    probe: {
      type: 'image/png',
      width,
      height,
      orientation: exif ? orientationOf(exif) : 1,
      frames: Math.max(1, durationsMs.length),
      hasAlpha,
      heldWhole: interlace === 1,
      decodeBytesPerPixel: (colour.channels + (hasAlpha ? 1 : 0)) * (depth === 16 ? 2 : 1),
      ...(durationsMs.length > 1 ? { animation: animationOf(durationsMs, loops) } : {}),
    },
    exif,
    ...(depth === 16 ? ({ deep: true } as const) : {}),
  }
}

interface Chunks {
  readonly transparent: boolean
  readonly exif: Uint8Array | null
  /** Of each frame that is there, whatever acTL claims; none where there is no animation. */
  readonly durationsMs: readonly number[]
  readonly loops: number
  readonly hasData: boolean
}

/** Hops from chunk to chunk; where one goes beyond the end the walk ends, and the decoder has its say later. */
function walkChunks(bytes: Uint8Array, view: DataView): Chunks {
  let transparent = false
  let exif: Uint8Array | null = null
  const durationsMs: number[] = []
  let loops: number | null = null
  let hasData = false
  let besides = 0
  for (let offset = AFTER_IHDR; offset + 8 <= bytes.length; ) {
    const length = view.getUint32(offset)
    const name = textAt(bytes, offset + 4, 4)
    const data = bytes.subarray(offset + 8, offset + 8 + length)
    if (name === 'IDAT') hasData = true
    else if (name !== 'fdAT') besides += length
    if (name === 'IEND' || data.length < length) break
    if (name === 'tRNS') transparent = true
    if (name === 'eXIf') exif ??= tiffWithin(data)
    // acTL counts only before IDAT (section 11.3.4.1).
    if (name === 'acTL' && !hasData && length === 8) loops = view.getUint32(offset + 12)
    if (name === 'fcTL' && loops !== null && length === 26) durationsMs.push(durationOf(view, offset + 8))
    offset += 12 + length
  }
  if (besides > BESIDES_BYTES_MAX)
    throw new MediaError('MEDIA_TOO_COSTLY', `The PNG has ${Math.round(besides / 1024 ** 2)} MiB besides its picture.`)
  return { transparent, exif, durationsMs, loops: loops ?? 1, hasData }
}

/** Numerator and denominator of seconds; a denominator of zero means hundredths (section 11.3.4.2). */
function durationOf(view: DataView, control: number): number {
  return (1_000 * view.getUint16(control + 20)) / (view.getUint16(control + 22) || 100)
}
