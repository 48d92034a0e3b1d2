import { textAt } from '../../domain/bytes.ts'
import { MediaError } from '../../domain/errors.ts'
import type { ByteSpan } from '../../domain/plans.ts'
import { endOfClip } from './clip-within.ts'
import { type Box, boxesOf, fieldsOf, fullBox } from './heif-boxes.ts'
import { heifGainOf, isOfShape } from './heif-gain.ts'
import { type Items, itemsOf } from './heif-items.ts'
import { corrupt, type ImageHeader, type PixelColour, tiffWithin } from './header-parts.ts'

/** Items that are made of others (ISO/IEC 23008-12, section 6.6.2). */
const derived: ReadonlySet<string> = new Set(['grid', 'iden', 'iovl'])
const codecs: Readonly<Record<string, string>> = { 'image/heic': 'hvc1', 'image/avif': 'av01' }
const alphaTypes: ReadonlySet<string> = new Set(['urn:mpeg:mpegB:cicp:systems:auxiliary:alpha', 'urn:mpeg:hevc:2015:auxid:1'])
/** Tiles and layers that one picture is made of. */
const PARTS_MAX = 4_096
/**
 * Planes of all tiles, the decoder's frames, the picture put together and as RGB: estimated at 8 bits from
 * what pictures of 12 to 20 megapixels took, on the careful side. With more bits every sample takes two bytes.
 */
const BYTES_PER_PIXEL = { 'image/heic': 12, 'image/avif': 18 } as const
const DEEP_BYTES_PER_PIXEL = { 'image/heic': 18, 'image/avif': 26 } as const

/**
 * The primary item's size as seen, codec, depth, colour and EXIF; every picture it is made of counts as cost.
 * MEDIA_CORRUPT; MEDIA_TYPE_UNSUPPORTED for a codec other than the type's and for sequences without a still.
 */
export function readHeifHeader(bytes: Uint8Array, type: 'image/heic' | 'image/avif'): ImageHeader {
  const clip = clipIn(bytes)
  const stillBytes = clip && !clip.inside ? clip.start : bytes.length
  const items = itemsOf(bytes.subarray(0, stillBytes))
  if (!items) throw new MediaError('MEDIA_TYPE_UNSUPPORTED', 'This is an image sequence without a still picture.')
  const own = items.propertiesOf(items.primary)
  const parts = partsOf(items)
  for (const part of parts) {
    const codec = items.types.get(part)
    if (codec === undefined) throw corrupt('The file names a picture that it does not have.')
    if (codec !== codecs[type] && !derived.has(codec))
      throw new MediaError('MEDIA_TYPE_UNSUPPORTED', `The picture in this ${type} is coded as ${JSON.stringify(codec)}.`)
  }
  const stored = sizeOf(own)
  if (!stored) throw corrupt('The picture does not tell its size.')
  const { width, height } = transformed(stored, own)
  if (width < 1 || height < 1) throw corrupt('The picture has an impossible size.')
  const leaves = parts.filter((part) => !derived.has(items.types.get(part) ?? '')).map((part) => sizeOf(items.propertiesOf(part)) ?? stored)
  const pixels = leaves.reduce((sum, leaf) => sum + leaf.width * leaf.height, 0)
  const deep = parts.some((part) => items.propertiesOf(part).some(isDeep))
  const most = Math.max(pixels, stored.width * stored.height)
  const colour = colourOf(items, parts)
  const gain = gainOf(items, { width, height })
  return {
    probe: {
      type,
      width,
      height,
      // EXIF's orientation says nothing here: turning is a property of the picture, and the decoder has done it.
      orientation: 1,
      frames: 1,
      hasAlpha: alphaOf(items) !== null,
      heldWhole: true,
      // The whole cost is told per pixel of what is seen: layers and what is cut off are paid for too.
      decodeBytesPerPixel: ((deep ? DEEP_BYTES_PER_PIXEL : BYTES_PER_PIXEL)[type] * most) / (width * height),
      ...(clip ? { clip: { start: clip.start, end: clip.end } } : {}),
    },
    exif: exifOf(items),
    ...(stillBytes < bytes.length ? { stillBytes } : {}),
    ...(colour ? { colour } : {}),
    ...(gain === undefined ? {} : { gain }),
    ...(isSequence(bytes.subarray(0, stillBytes)) ? ({ sequence: true } as const) : {}),
    ...(deep ? ({ deep: true } as const) : {}),
  }
}

/** The gain map, where it is a picture of the same shape that costs no more to decode than the picture itself. */
function gainOf(items: Items, picture: Size): ImageHeader['gain'] {
  try {
    const gain = heifGainOf(items)
    if (!gain) return gain
    const properties = items.propertiesOf(gain.item)
    const stored = sizeOf(properties)
    const size = stored && transformed(stored, properties)
    return size && size.width <= picture.width && size.height <= picture.height && isOfShape(size, picture) ? gain : null
  } catch (error) {
    // What is wrong with it is no fault of the picture.
    if (error instanceof MediaError) return null
    throw error
  }
}

/** A movie beside the still that is not the clip of a photo: the same pictures, moving. */
function isSequence(still: Uint8Array): boolean {
  return boxesOf(still).some(({ name }) => name === 'moov')
}

/** The clip of a motion photo, in a box of its own among the picture's (`mpvd`), or a Live Photo's movie behind them. */
function clipIn(bytes: Uint8Array): (ByteSpan & { readonly inside: boolean }) | null {
  for (const { name, body } of boxesOf(bytes).slice(1)) {
    const inside = name === 'mpvd'
    if (!inside && name !== 'ftyp') continue
    const start = body.byteOffset - bytes.byteOffset - (inside ? 0 : 8)
    const end = body.length < 8 ? null : endOfClip(inside ? bytes.subarray(0, start + body.length) : bytes, start)
    if (end !== null) return { start, end, inside }
  }
  return null
}

/** The primary item, what it is made of, and its alpha plane with what that is made of; an item as often as it is used. */
function partsOf(items: Items): number[] {
  const made = new Map(items.references.filter(({ kind }) => kind === 'dimg').map(({ from, to }) => [from, to]))
  const parts = [items.primary]
  const alpha = alphaOf(items)
  if (alpha !== null) parts.push(alpha)
  // Grows while it is walked; a circle would grow for ever.
  for (const part of parts) {
    parts.push(...(made.get(part) ?? []))
    if (parts.length > PARTS_MAX) throw new MediaError('MEDIA_TOO_COSTLY', `The picture is made of more than ${PARTS_MAX} parts.`)
  }
  return parts
}

function alphaOf(items: Items): number | null {
  const auxiliaries = items.references.filter(({ kind, to }) => kind === 'auxl' && to.includes(items.primary))
  return auxiliaries.find(({ from }) => items.propertiesOf(from).some(isAlpha))?.from ?? null
}

function isAlpha({ name, body }: Box): boolean {
  if (name !== 'auxC') return false
  const text = textAt(body, 4, 64)
  return alphaTypes.has(text.slice(0, Math.max(0, text.indexOf('\0'))))
}

interface Size {
  readonly width: number
  readonly height: number
}

/** Section 6.5.3. */
function sizeOf(properties: readonly Box[]): Size | null {
  const ispe = properties.find(({ name }) => name === 'ispe')
  if (!ispe) return null
  const { fields } = fullBox(ispe.body)
  return { width: fields.number(4), height: fields.number(4) }
}

/** The size after clap (ISO/IEC 14496-12, section 12.1.4) and irot (section 6.5.10); mirroring changes none. */
function transformed(stored: Size, properties: readonly Box[]): Size {
  let { width, height } = stored
  for (const { name, body } of properties) {
    if (name === 'irot' && ((body[0] ?? 0) & 1) === 1) [width, height] = [height, width]
    if (name !== 'clap') continue
    const fields = fieldsOf(body)
    const across = fields.number(4) / fields.number(4)
    const down = fields.number(4) / fields.number(4)
    if (!(across > 0 && across <= width && down > 0 && down <= height)) throw corrupt('The picture is cut to an impossible size.')
    ;[width, height] = [Math.round(across), Math.round(down)]
  }
  return { width, height }
}

/** Whether the codec's configuration says more than 8 bits: hvcC (ISO/IEC 14496-15, 8.3.2.1), av1C (AV1 in ISOBMFF, 2.3.3). */
function isDeep({ name, body }: Box): boolean {
  if (name === 'hvcC') return ((body[17] ?? 0) & 7) > 0
  return name === 'av1C' && ((body[2] ?? 0) & 0x40) !== 0
}

/** `colr` of the picture, else of its tiles (ISO/IEC 14496-12, section 12.1.5); an ICC profile goes before code points. */
function colourOf(items: Items, parts: readonly number[]): PixelColour | null {
  for (const part of [items.primary, ...parts]) {
    const colours = items.propertiesOf(part).filter(({ name }) => name === 'colr')
    const profile = colours.find(({ body }) => ['prof', 'rICC'].includes(textAt(body, 0, 4)))
    if (profile) return { icc: profile.body.subarray(4) }
    const points = colours.find(({ body }) => textAt(body, 0, 4) === 'nclx')
    if (points) {
      const fields = fieldsOf(points.body.subarray(4))
      return { primaries: fields.number(2), transfer: fields.number(2) }
    }
  }
  return null
}

/** The EXIF item: four bytes that say where its TIFF structure begins, then that (annex A.2.1). */
function exifOf(items: Items): Uint8Array | null {
  const described = items.references.find(
    ({ kind, from, to }) => kind === 'cdsc' && to.includes(items.primary) && items.types.get(from) === 'Exif',
  )
  const data = described ? items.dataOf(described.from) : null
  return data && data.length > 8 ? tiffWithin(data.subarray(4)) : null
}
