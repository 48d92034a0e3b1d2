import { startsWith, textAt } from '../../domain/bytes.ts'
import { viewOf } from './header-parts.ts'

/**
 * What a gain map means (ISO 21496-1): from the base picture, for one channel or for three, log2 of the gain at 0 and
 * at 1, and the headrooms, log2 too, at which it is applied not at all and wholly.
 */
export interface GainMapMeaning {
  readonly channels: readonly GainMapChannel[]
  readonly baseHeadroom: number
  readonly fullHeadroom: number
}

export interface GainMapChannel {
  readonly min: number
  readonly max: number
  readonly gamma: number
  readonly baseOffset: number
  readonly fullOffset: number
}

export interface GainMap {
  /** A JPEG of its own, with all that is behind it in the file. */
  readonly jpeg: Uint8Array
  readonly meaning: GainMapMeaning
  /** What its values have to become for the meaning to be true of them. */
  readonly values?: Uint8Array
}

export const ISO_LEAD = 'urn:iso:std:iso:ts:21496:-1\0'
export const XMP_LEAD = 'http://ns.adobe.com/xap/1.0/\0'
const START = Buffer.of(0xff, 0xd8, 0xff)
/** Pictures that one file holds: previews, depth, gain. */
const PICTURES_MAX = 16
/** Beyond two thousand nits over white nobody has a screen. */
const HEADROOM_MAX = 10

/**
 * The gain map among the pictures behind a JPEG's own, by the words that it carries itself: those of ISO 21496-1, or
 * Adobe's and Google's XMP. Null where there is none, or where what it says makes no sense.
 */
export function gainMapIn(bytes: Uint8Array): GainMap | null {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const first = segmentsOf(bytes).end
  let pictures = 0
  for (let at = file.indexOf(START, first); at !== -1 && pictures < PICTURES_MAX; at = file.indexOf(START, at + 2)) {
    pictures++
    const jpeg = bytes.subarray(at)
    const { segments } = segmentsOf(jpeg)
    const meaning = meaningIn(segments)
    if (meaning && isSound(meaning)) return { jpeg, meaning }
    const apple = appleMeaning(xmpIn(segments))
    if (apple) return { jpeg, ...apple }
  }
  return null
}

interface Segments {
  readonly segments: readonly { readonly marker: number; readonly data: Uint8Array }[]
  /** Where the first scan begins, or the damage. */
  readonly end: number
}

function segmentsOf(jpeg: Uint8Array): Segments {
  const view = viewOf(jpeg)
  const segments: { marker: number; data: Uint8Array }[] = []
  let at = 2
  while (at + 4 <= jpeg.length && jpeg[at] === 0xff) {
    const marker = jpeg[at + 1] ?? 0
    const length = view.getUint16(at + 2)
    if (marker === 0xda || length < 2) break
    segments.push({ marker, data: jpeg.subarray(at + 4, at + 2 + length) })
    at += 2 + length
  }
  return { segments, end: at }
}

function meaningIn(segments: Segments['segments']): GainMapMeaning | null {
  for (const { marker, data } of segments)
    if (marker === 0xe2 && textAt(data, 0, ISO_LEAD.length) === ISO_LEAD) {
      const meaning = fromIso(data.subarray(ISO_LEAD.length))
      if (meaning) return meaning
    }
  return fromXmp(xmpIn(segments))
}

function xmpIn(segments: Segments['segments']): string {
  const xmp = segments.find(({ marker, data }) => marker === 0xe1 && startsWith(data, [...Buffer.from(XMP_LEAD, 'latin1')]))
  return xmp ? Buffer.from(xmp.data).toString('latin1') : ''
}

/**
 * Apple's, since 2023: the gain is 1 + (headroom - 1) times the value in linear light, where the ISO's is a power of the
 * headroom, so the values are written anew. Older ones have the headroom in notes of the maker, which are not opened.
 */
export function appleMeaning(text: string): Pick<GainMap, 'meaning' | 'values'> | null {
  const headroom = Number(/HDRGainMapHeadroom(?:="|>)([\d.]{1,12})/.exec(text)?.[1] ?? Number.NaN)
  if (!text.includes('hdrgainmap') || !(headroom > 1)) return null
  const most = Math.log2(headroom)
  const values = Uint8Array.from({ length: 256 }, (_, value) => (255 * Math.log2(1 + (headroom - 1) * linearOf(value / 255))) / most + 0.5)
  const channel = { min: 0, max: most, gamma: 1, baseOffset: 0, fullOffset: 0 }
  const meaning = { baseHeadroom: 0, fullHeadroom: most, channels: [channel] }
  return isSound(meaning) ? { meaning, values } : null
}

/** ITU-R BT.709, item 1.2, the other way round. */
function linearOf(value: number): number {
  return value < 0.081 ? value / 4.5 : ((value + 0.099) / 1.099) ** (1 / 0.45)
}

/** What the words of ISO 21496-1 mean, where they make sense. */
export function isoMeaning(data: Uint8Array): GainMapMeaning | null {
  const meaning = fromIso(data)
  return meaning && isSound(meaning) ? meaning : null
}

/** ISO 21496-1, annex C: versions, flags, two headrooms, then five fractions a channel. */
function fromIso(data: Uint8Array): GainMapMeaning | null {
  const view = viewOf(data)
  if (data.length < 21 || view.getUint16(0) !== 0) return null
  const flags = view.getUint8(4)
  const count = (flags & 0x80) === 0 ? 1 : 3
  // With a common denominator it is written once; nobody needs that form.
  if ((flags & 0x08) !== 0 || data.length < 21 + 40 * count) return null
  const fraction = (at: number, signed = false) => (signed ? view.getInt32(at) : view.getUint32(at)) / view.getUint32(at + 4)
  return {
    baseHeadroom: fraction(5),
    fullHeadroom: fraction(13),
    channels: Array.from({ length: count }, (_, channel) => {
      const at = 21 + 40 * channel
      return {
        min: fraction(at, true),
        max: fraction(at + 8, true),
        gamma: fraction(at + 16),
        baseOffset: fraction(at + 24, true),
        fullOffset: fraction(at + 32, true),
      }
    }),
  }
}

/** Attributes or elements of `hdrgm` in XMP, each one number or a list of three. */
function fromXmp(text: string): GainMapMeaning | null {
  if (!text.includes('hdrgm:GainMapMax') || /hdrgm:BaseRenditionIsHDR(="|>)True/i.test(text)) return null
  const valuesOf = (name: string, fallback: number) => {
    const attribute = new RegExp(`hdrgm:${name}="([^"]{1,40})"`).exec(text)?.[1]
    const element = new RegExp(`<hdrgm:${name}>(.{1,400}?)</hdrgm:${name}>`, 's').exec(text)?.[1] ?? ''
    const listed = [...element.matchAll(/<rdf:li>([^<]{1,40})<\/rdf:li>/g)].map((match) => Number(match[1]))
    if (attribute !== undefined) return [Number(attribute)]
    return listed.length > 0 ? listed : element === '' ? [fallback] : [Number(element)]
  }
  const [min, max, gamma] = [valuesOf('GainMapMin', 0), valuesOf('GainMapMax', 1), valuesOf('Gamma', 1)]
  const [base, full] = [valuesOf('OffsetSDR', 1 / 64), valuesOf('OffsetHDR', 1 / 64)]
  const count = [min, max, gamma, base, full].some((list) => list.length > 1) ? 3 : 1
  const of = (list: readonly number[], channel: number) => list[channel] ?? list[0] ?? Number.NaN
  return {
    baseHeadroom: of(valuesOf('HDRCapacityMin', 0), 0),
    fullHeadroom: of(valuesOf('HDRCapacityMax', 1), 0),
    channels: Array.from({ length: count }, (_, channel) => ({
      min: of(min, channel),
      max: of(max, channel),
      gamma: of(gamma, channel),
      baseOffset: of(base, channel),
      fullOffset: of(full, channel),
    })),
  }
}

function isSound({ channels, baseHeadroom, fullHeadroom }: GainMapMeaning): boolean {
  const within = (value: number, most: number) => Number.isFinite(value) && Math.abs(value) <= most
  return (
    within(baseHeadroom, HEADROOM_MAX) &&
    within(fullHeadroom, HEADROOM_MAX) &&
    fullHeadroom > baseHeadroom &&
    baseHeadroom >= 0 &&
    channels.every(
      ({ min, max, gamma, baseOffset, fullOffset }) =>
        within(min, HEADROOM_MAX) &&
        within(max, HEADROOM_MAX) &&
        max >= min &&
        gamma > 0 &&
        within(gamma, 10) &&
        within(baseOffset, 1) &&
        within(fullOffset, 1),
    )
  )
}
