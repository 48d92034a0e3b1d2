import { type EditName, editRanges, type Look } from '../../domain/edits.ts'
import { type Crop, type Framing, orientationAfter, type Rectangle, type Size, storedRectangle, turningOf } from '../../domain/framing.ts'

/** The edits that have a slider of their own; a filter's strength belongs to the filter. */
export type AmountName = Exclude<EditName, 'strength'>
export const amountNames = (Object.keys(editRanges) as EditName[]).filter((name): name is AmountName => name !== 'strength')

/** All that a person has set for one photo, and nothing that follows from it. */
export interface Setting {
  readonly filter: string | null
  readonly strength: number
  readonly amounts: Readonly<Partial<Record<AmountName, number>>>
  /** How the picture is mirrored and turned, as an EXIF orientation 1..8 says it. */
  readonly orientation: number
  /** Degrees, clockwise. */
  readonly straighten: number
  /** Width over height that the result is to have; null where it is free. */
  readonly aspect: number | null
  /** In pixels of the photo as it was before it was turned; null for all of it. */
  readonly crop: Rectangle | null
}

export const untouched: Setting = { filter: null, strength: 100, amounts: {}, orientation: 1, straighten: 0, aspect: null, crop: null }

export const turns = { left: 8, right: 6, mirror: 2, flip: 4 } as const

/** The setting turned or mirrored once more, as it is seen. What is mirrored leans to the other side. */
export function turned(setting: Setting, turn: keyof typeof turns): Setting {
  const isMirror = turn === 'mirror' || turn === 'flip'
  const aspect = setting.aspect === null || isMirror ? setting.aspect : 1 / setting.aspect
  return {
    ...setting,
    aspect,
    orientation: orientationAfter(setting.orientation, turns[turn]),
    straighten: isMirror ? 0 - setting.straighten : setting.straighten,
  }
}

/** Size of the whole photo once it is turned. */
export function seenSize({ width, height }: Size, orientation: number): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height }
}

/** A rectangle of the turned photo where it lies in the photo as it was. */
export function rectangleBefore(rectangle: Rectangle, photo: Size, orientation: number): Rectangle {
  return storedRectangle(rectangle, seenSize(photo, orientation), orientation)
}

/** {@link rectangleBefore} backwards. */
export function rectangleAfter(rectangle: Rectangle, photo: Size, orientation: number): Rectangle {
  const back = [1, 2, 3, 4, 5, 6, 7, 8].find((other) => orientationAfter(orientation, other) === 1) ?? 1
  return storedRectangle(rectangle, photo, back)
}

/** What is done to the colours. */
export function lookOf({ filter, strength, amounts }: Setting): Look {
  const set = Object.fromEntries(Object.entries(amounts).filter(([, amount]) => amount !== 0))
  const edits = { ...set, ...(filter === null || strength === 100 ? {} : { strength }) }
  return { filter, ...(Object.keys(edits).length === 0 ? {} : { edits }) }
}

/** What is done to the geometry; undefined where that is nothing. Mirroring comes before turning, as in the API. */
export function framingOf({ orientation, straighten, crop }: Setting): Framing | undefined {
  const { mirrored, turn } = turningOf(orientation)
  const framing: Framing = {
    ...(crop === null ? {} : { crop: wholePixels(crop) }),
    ...(mirrored ? { flip: 'horizontal' as const } : {}),
    ...(turn === 0 ? {} : { rotate: turn as 90 | 180 | 270 }),
    ...(straighten === 0 ? {} : { straighten }),
  }
  return Object.keys(framing).length === 0 ? undefined : framing
}

function wholePixels({ left, top, width, height }: Rectangle): Crop {
  const [x, y] = [Math.round(left), Math.round(top)]
  return { unit: 'pixels', x, y, width: Math.round(left + width) - x, height: Math.round(top + height) - y }
}

/** The setting as parameters of an upload. */
export function parametersOf(setting: Setting): Record<string, string> {
  const { filter, edits = {} } = lookOf(setting)
  const { crop, ...others } = framingOf(setting) ?? {}
  return {
    ...(filter === null ? {} : { filter }),
    ...Object.fromEntries(Object.entries({ ...edits, ...others }).map(([name, value]) => [name, `${value as string | number}`])),
    ...(crop ? { crop: [crop.x, crop.y, crop.width, crop.height].join(',') } : {}),
  }
}
