/** What part of a picture is shown, and how it is turned. Pure geometry, the same for photos and videos. */
import { MediaError } from './errors.ts'

/** A rectangle from the upper left corner, in pixels or in percent of the sides. */
export interface Crop {
  readonly unit: 'pixels' | 'percent'
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** As asked for at upload. It is done in this order to the picture as seen: crop, flip, rotate, straighten. */
export interface Framing {
  readonly crop?: Crop
  readonly flip?: 'horizontal' | 'vertical'
  /** Clockwise. */
  readonly rotate?: 90 | 180 | 270
  /** Degrees, clockwise; of the turned picture the largest upright rectangle within it is kept. */
  readonly straighten?: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Rectangle extends Size {
  readonly left: number
  readonly top: number
}

/** A framing worked out for a picture of a known size. */
export interface Frame extends Size {
  /** Size as seen before the framing. */
  readonly of: Size
  /** Whole pixels of it. */
  readonly crop: Rectangle
  /** How the crop is mirrored and turned, as an EXIF orientation 1..8 says it. */
  readonly orientation: number
  readonly straighten: number
}

export const straightenDegreesMax = 45

/** Of a pixel: what rounding of numbers alone makes. */
const EXACT = 1e-6

/** What is left of a picture has at least so many pixels a side, unless the picture itself has fewer. */
const SIDE_MIN = 16

/** What a framing is told by. */
export const framingParameters = ['crop', 'flip', 'rotate', 'straighten'] as const

/** The framing among the values of a request; undefined where none is asked for. EDIT_INVALID. */
export function parseFraming(valueOf: (name: string) => string | null): Framing | undefined {
  const given = (name: (typeof framingParameters)[number]) => valueOf(name) || null
  const crop = given('crop')
  const flip = given('flip')
  const rotate = given('rotate')
  const straighten = given('straighten')
  if (flip !== null && flip !== 'horizontal' && flip !== 'vertical') throw invalid('flip is horizontal or vertical.')
  if (rotate !== null && !['0', '90', '180', '270'].includes(rotate)) throw invalid('rotate is 0, 90, 180 or 270 degrees, clockwise.')
  const degrees = straighten === null ? 0 : /^-?\d{1,2}(\.\d{1,2})?$/.test(straighten) ? Number(straighten) : Number.NaN
  if (!(Math.abs(degrees) <= straightenDegreesMax))
    throw invalid(`straighten is a number of degrees from -${straightenDegreesMax} to ${straightenDegreesMax}, with at most two decimals.`)
  const framing: Framing = {
    ...(crop === null ? {} : { crop: parseCrop(crop) }),
    ...(flip === null ? {} : { flip }),
    ...(rotate === null || rotate === '0' ? {} : { rotate: Number(rotate) as 90 | 180 | 270 }),
    ...(degrees === 0 ? {} : { straighten: degrees }),
  }
  return Object.keys(framing).length === 0 ? undefined : framing
}

/** The grammar is that of regions in the IIIF Image API 3.0, section 4.1: `x,y,w,h` or `pct:x,y,w,h`. */
function parseCrop(text: string): Crop {
  const percent = text.startsWith('pct:')
  const parts = text.slice(percent ? 4 : 0).split(',')
  const form = percent ? /^\d{1,3}(\.\d{1,6})?$/ : /^\d{1,5}$/
  const [x = 0, y = 0, width = 0, height = 0] = parts.map(Number)
  const sound = parts.length === 4 && parts.every((part) => form.test(part)) && width > 0 && height > 0
  if (!sound || (percent && (x >= 100 || y >= 100)))
    throw invalid('crop is x,y,width,height in pixels, or pct:x,y,width,height in percent, and has to hold some of the picture.')
  return { unit: percent ? 'percent' : 'pixels', x, y, width, height }
}

function invalid(detail: string): MediaError {
  return new MediaError('EDIT_INVALID', detail)
}

/**
 * What a framing makes of a picture of a size, as seen. What of a crop lies outside of the picture is cut off;
 * one that leaves next to nothing is EDIT_INVALID.
 */
export function frameOf(of: Size, { crop, flip, rotate, straighten = 0 }: Framing): Frame {
  const kept = crop === undefined ? { left: 0, top: 0, ...of } : pixelsOf(crop, of)
  if (kept.width < Math.min(SIDE_MIN, of.width) || kept.height < Math.min(SIDE_MIN, of.height))
    throw invalid(
      `The crop leaves ${kept.width} x ${kept.height} pixels of ${of.width} x ${of.height}; it has to leave ${SIDE_MIN} a side.`,
    )
  const vertical = flip === 'vertical'
  const orientation = orientationOf({ mirrored: flip !== undefined, turn: ((rotate ?? 0) + (vertical ? 180 : 0)) % 360 })
  const turned = orientation >= 5 ? { width: kept.height, height: kept.width } : { width: kept.width, height: kept.height }
  const seen = largestWithin(turned, straighten)
  return {
    of: { width: of.width, height: of.height },
    crop: kept,
    orientation,
    straighten,
    width: Math.max(1, Math.floor(seen.width + 1e-9)),
    height: Math.max(1, Math.floor(seen.height + 1e-9)),
  }
}

function pixelsOf({ unit, x, y, width, height }: Crop, of: Size): Rectangle {
  const along = (from: number, length: number, side: number): [number, number] => {
    const scale = unit === 'percent' ? side / 100 : 1
    return [Math.min(side, Math.round(from * scale)), Math.min(side, Math.round((from + length) * scale))]
  }
  const [left, right] = along(x, width, of.width)
  const [top, bottom] = along(y, height, of.height)
  return { left, top, width: right - left, height: bottom - top }
}

/** The upright rectangle of the largest area within one that is turned by an angle. */
export function largestWithin({ width, height }: Size, degrees: number): Size {
  const angle = (Math.abs(degrees) * Math.PI) / 180
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)]
  const [long, short] = width >= height ? [width, height] : [height, width]
  // Two corners touch the same long side and the others lie within: the short side alone decides.
  if (short <= 2 * sin * cos * long || Math.abs(sin - cos) < 1e-9) {
    const half = short / 2
    return width >= height ? { width: half / sin, height: half / cos } : { width: half / cos, height: half / sin }
  }
  const double = cos * cos - sin * sin
  return { width: (width * cos - height * sin) / double, height: (height * cos - width * sin) / double }
}

/**
 * To what size the mirrored and turned crop is brought so that, straightened, its middle fills `width` x `height`:
 * the sides of what is straightened.
 */
export function sizeBeforeStraightening({ crop, orientation, straighten }: Frame, { width, height }: Size): Size {
  const turned = orientation >= 5 ? { width: crop.height, height: crop.width } : crop
  const kept = largestWithin(turned, straighten)
  const scale = Math.max(width / kept.width, height / kept.height)
  const before = { width: Math.ceil(turned.width * scale), height: Math.ceil(turned.height * scale) }
  // Rounded up, one side may have grown more than the other, which takes a fraction of a pixel from what is left of that one.
  const left = largestWithin(before, straighten)
  return { width: before.width + (left.width < width - EXACT ? 1 : 0), height: before.height + (left.height < height - EXACT ? 1 : 0) }
}

/** Mirrored left to right first, then turned clockwise. */
export interface Turning {
  readonly mirrored: boolean
  readonly turn: number
}

/** What brings each EXIF orientation 1..8 upright (EXIF 2.32, 4.6.4). */
const turnings: readonly Turning[] = [
  { mirrored: false, turn: 0 },
  { mirrored: true, turn: 0 },
  { mirrored: false, turn: 180 },
  { mirrored: true, turn: 180 },
  { mirrored: true, turn: 270 },
  { mirrored: false, turn: 90 },
  { mirrored: true, turn: 90 },
  { mirrored: false, turn: 270 },
]

export function turningOf(orientation: number): Turning {
  const turning = turnings[orientation - 1]
  if (!turning) throw new Error(`no EXIF orientation ${orientation}`)
  return turning
}

function orientationOf({ mirrored, turn }: Turning): number {
  return turnings.findIndex((turning) => turning.mirrored === mirrored && turning.turn === turn) + 1
}

/** The orientation that does at once what the first and then the second do. */
export function orientationAfter(first: number, second: number): number {
  const [one, two] = [turningOf(first), turningOf(second)]
  // Mirroring turns the sense of a turn that came before it.
  return orientationOf({ mirrored: one.mirrored !== two.mirrored, turn: (two.turn + (two.mirrored ? 360 - one.turn : one.turn)) % 360 })
}

/** Where a rectangle of the upright picture of a size lies in the picture as it is stored. */
export function storedRectangle({ left, top, width, height }: Rectangle, of: Size, orientation: number): Rectangle {
  const { mirrored, turn } = turningOf(orientation)
  let at: Rectangle = { left, top, width, height }
  let size = of
  for (let quarter = turn; quarter % 360 !== 0; quarter += 90) {
    at = { left: size.height - at.top - at.height, top: at.left, width: at.height, height: at.width }
    size = { width: size.height, height: size.width }
  }
  return mirrored ? { ...at, left: size.width - at.left - at.width } : at
}
