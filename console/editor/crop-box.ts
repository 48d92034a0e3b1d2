/** Geometry of the box that is dragged over a picture, in pixels of that picture; pure. */
import type { Rectangle, Size } from '../../domain/framing.ts'

export type Corner = 'nw' | 'ne' | 'sw' | 'se'
export const corners: readonly Corner[] = ['nw', 'ne', 'sw', 'se']

/** A box is never smaller than this share of the picture's shorter side: it could not be taken hold of any more. */
const LEAST_SHARE = 0.06
/** What the API asks for at least. */
const LEAST_PIXELS = 16

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), Math.max(low, high))

/** The least side of a box over a picture of this size. */
export function leastSide({ width, height }: Size): number {
  const shorter = Math.min(width, height)
  return Math.min(shorter, Math.max(LEAST_PIXELS, shorter * LEAST_SHARE))
}

/** The box moved, and kept within. */
export function movedBox(box: Rectangle, right: number, down: number, within: Size): Rectangle {
  return {
    ...box,
    left: clamp(box.left + right, 0, within.width - box.width),
    top: clamp(box.top + down, 0, within.height - box.height),
  }
}

/** The box with one corner moved and the opposite one where it is; with a `ratio` of width to height it keeps that. */
export function resizedBox(
  box: Rectangle,
  corner: Corner,
  by: { readonly right: number; readonly down: number },
  within: Size,
  ratio: number | null,
): Rectangle {
  const isWest = corner.endsWith('w')
  const isNorth = corner.startsWith('n')
  const anchor = { x: isWest ? box.left + box.width : box.left, y: isNorth ? box.top + box.height : box.top }
  const room = { width: isWest ? anchor.x : within.width - anchor.x, height: isNorth ? anchor.y : within.height - anchor.y }
  const wanted = { width: box.width + (isWest ? -by.right : by.right), height: box.height + (isNorth ? -by.down : by.down) }
  const least = leastSide(within)
  const size =
    ratio === null
      ? { width: clamp(wanted.width, least, room.width), height: clamp(wanted.height, least, room.height) }
      : ofRatio(Math.max(wanted.width, wanted.height * ratio), ratio, room, least)
  return { ...size, left: isWest ? anchor.x - size.width : anchor.x, top: isNorth ? anchor.y - size.height : anchor.y }
}

function ofRatio(width: number, ratio: number, room: Size, least: number): Size {
  const widest = Math.min(room.width, room.height * ratio)
  const kept = clamp(width, Math.min(widest, Math.max(least, least * ratio)), widest)
  return { width: kept, height: kept / ratio }
}

/** The largest box of a ratio in the middle. */
export function largestBox(ratio: number, within: Size): Rectangle {
  const width = Math.min(within.width, within.height * ratio)
  const height = width / ratio
  return { left: (within.width - width) / 2, top: (within.height - height) / 2, width, height }
}

/** The box brought to another ratio around its middle, as large as before where there is room. */
export function reshapedBox(box: Rectangle, ratio: number, within: Size): Rectangle {
  const area = box.width * box.height
  const { width, height } = ofRatio(Math.sqrt(area * ratio), ratio, within, leastSide(within))
  const left = box.left + (box.width - width) / 2
  const top = box.top + (box.height - height) / 2
  return movedBox({ left, top, width, height }, 0, 0, within)
}

/**
 * Which ratio a box must have so that, straightened by an angle, what is kept of it has the ratio `wanted`:
 * `largestWithin` of domain/framing.ts solved for its sides, for angles at which all four corners touch.
 */
export function ratioBeforeStraightening(wanted: number, degrees: number): number {
  const angle = (Math.abs(degrees) * Math.PI) / 180
  const [sin, cos] = [Math.sin(angle), Math.cos(angle)]
  return (wanted * cos + sin) / (cos + wanted * sin)
}
