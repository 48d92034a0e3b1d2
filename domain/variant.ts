import { imageExtensions } from './plan-image.ts'
import type { ImageFormat } from './plans.ts'

/** The picture as it came: the name of no filter. */
export const NO_FILTER = 'none'

/** A rendition that nobody has planned: asked for by its address. */
export interface Variant {
  readonly width: number
  /** With a height the picture is made to fit into the box, or, `fill`, to fill it around what is looked at first. */
  readonly height?: number
  readonly fill?: true
  /** Another filter than the item's own, in place of all that is done to its colours. */
  readonly filter?: string
  /** By metric and not by the preset's number. */
  readonly autoQuality?: true
  /** The upload as it came: nothing left out, turned or coloured, and as wide as it is at the most. No address asks for it: it is its owner's to see. */
  readonly untouched?: true
  readonly format: ImageFormat
}

/** What an address asks for: the format may be left to what the reader takes. */
export type VariantRequest = Omit<Variant, 'format' | 'untouched'> & { readonly format: ImageFormat | 'auto' }

/**
 * What an address says, in one order only, so that one variant has one address:
 *
 *     w_800[,h_600[,c_fill]][,l_clarendon][,q_auto],f_auto|avif|webp|jpeg
 */
const REQUEST = /^w_([1-9][0-9]{0,3})(?:,h_([1-9][0-9]{0,3})(,c_fill)?)?(?:,l_([a-z0-9]{1,24}))?(,q_auto)?,f_(auto|avif|webp|jpeg)$/

/** The request of a text, or null where it is none. Sides are at most `sideMax` pixels. */
export function parseVariantRequest(text: string, sideMax: number): VariantRequest | null {
  const match = REQUEST.exec(text)
  if (match === null) return null
  const [, width, height, fill, filter, quality, format] = match
  if (Number(width) > sideMax || Number(height ?? 0) > sideMax) return null
  return {
    width: Number(width),
    ...(height === undefined ? {} : { height: Number(height) }),
    ...(fill === undefined ? {} : { fill: true as const }),
    ...(filter === undefined ? {} : { filter }),
    ...(quality === undefined ? {} : { autoQuality: true as const }),
    format: format as ImageFormat | 'auto',
  }
}

/** The words of a request in their order, with what each may be. */
const WORDS: readonly { readonly name: string; readonly form: RegExp; readonly says: (sideMax: number) => string }[] = [
  { name: 'w', form: /^w_[1-9][0-9]{0,3}$/, says: (sideMax) => `w_ with a width from 1 to ${sideMax}` },
  { name: 'h', form: /^h_[1-9][0-9]{0,3}$/, says: (sideMax) => `h_ with a height from 1 to ${sideMax}` },
  { name: 'c', form: /^c_fill$/, says: () => 'c_fill' },
  { name: 'l', form: /^l_[a-z0-9]{1,24}$/, says: () => 'l_ with a filter' },
  { name: 'q', form: /^q_auto$/, says: () => 'q_auto' },
  { name: 'f', form: /^f_(auto|avif|webp|jpeg)$/, says: () => 'f_auto, f_avif, f_webp or f_jpeg' },
]

/** What keeps a text from being a request, for whoever wrote it; null where it is one. */
export function faultOfVariantRequest(text: string, sideMax: number): string | null {
  if (parseVariantRequest(text, sideMax) !== null) return null
  const places: number[] = []
  for (const word of text.split(',')) {
    const place = WORDS.findIndex(({ name }) => word.startsWith(`${name}_`))
    const known = WORDS[place]
    if (!known) return `${JSON.stringify(word)} is none of its words, which are ${WORDS.map(({ says }) => says(sideMax)).join('; ')}.`
    const isSide = known.name === 'w' || known.name === 'h'
    if (!known.form.test(word) || (isSide && Number(word.slice(2)) > sideMax))
      return `${JSON.stringify(word)} is not ${known.says(sideMax)}.`
    places.push(place)
  }
  if (!places.includes(0)) return 'The width is missing: it begins with w_.'
  if (!places.includes(WORDS.length - 1)) return 'The format is missing: it ends with f_auto, f_avif, f_webp or f_jpeg.'
  if (places.includes(2) && !places.includes(1)) return 'c_fill needs a height: w_300,h_300,c_fill.'
  return `Each word comes once, in this order: ${WORDS.map(({ name }) => `${name}_`).join(', ')}.`
}

/** The text of a request: {@link parseVariantRequest} backwards. */
export function formatVariantRequest({ width, height, fill, filter, autoQuality, format }: VariantRequest): string {
  const box = height === undefined ? '' : `,h_${height}${fill ? ',c_fill' : ''}`
  return `w_${width}${box}${filter === undefined ? '' : `,l_${filter}`}${autoQuality ? ',q_auto' : ''},f_${format}`
}

/** The size of a request as allow-lists have it: `800` or `400x300`. */
export function sizeOfRequest({ width, height }: Pick<Variant, 'width' | 'height'>): string {
  return height === undefined ? String(width) : `${width}x${height}`
}

/** The best format that a reader takes (RFC 9110, section 12.5.1, as far as browsers use it): what is not refused and named. */
export function formatFor(accept: string | undefined): ImageFormat {
  const takes = (type: string) =>
    (accept ?? '').split(',').some((range) => {
      const [name = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      return name === type && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
    })
  return takes('image/avif') ? 'avif' : takes('image/webp') ? 'webp' : 'jpeg'
}

/**
 * The variant as a picture of this size can have it: nothing is scaled up, and a box to fit into is a width. Different
 * requests that come to the same picture are then the same variant.
 */
export function fittedVariant<V extends Omit<Variant, 'format'>>(
  variant: V,
  picture: { readonly width: number; readonly height: number },
): V {
  const { height: wantedHeight, fill, ...rest } = variant
  // What is shown may be a part of it only.
  if (variant.untouched) return variant
  if (wantedHeight === undefined) return { ...rest, width: Math.min(variant.width, picture.width) } as V
  if (fill) {
    const shrink = Math.min(1, picture.width / variant.width, picture.height / wantedHeight)
    const side = (length: number) => Math.max(1, Math.round(length * shrink))
    return { ...rest, width: side(variant.width), height: side(wantedHeight), fill } as V
  }
  const widthOfHeight = Math.max(1, Math.round((picture.width * wantedHeight) / picture.height))
  return { ...rest, width: Math.min(variant.width, widthOfHeight, picture.width) } as V
}

/** The file's name, unique for each fitted variant; without crop, filter and metric it is the name of the eager rendition. */
export function variantName({ width, height, fill, filter, autoQuality, untouched, format }: Variant): string {
  if (untouched) return `upload-w${width}.${imageExtensions[format]}`
  const box = height === undefined ? '' : `h${height}${fill ? '-fill' : ''}`
  return `w${width}${box}${filter === undefined ? '' : `-l-${filter}`}${autoQuality ? '-auto' : ''}.${imageExtensions[format]}`
}
