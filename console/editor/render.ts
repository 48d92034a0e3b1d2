import { changesColours, type Look, sharpeningOf } from '../../domain/edits.ts'
import { frameOf, type Frame, type Size, turningOf } from '../../domain/framing.ts'
import { applyLut, type Lut } from '../../media/filters/index.ts'
import { lookLut } from '../../media/filters/look.ts'
import { applySharpening } from '../../media/filters/sharpen.ts'
import { framingOf, lookOf, type Setting } from './setting.ts'

/** A photo as the browser sees it, upright. */
export interface Photo {
  /** Of the file. */
  readonly size: Size
  /** Its pixels, perhaps fewer of them. */
  readonly pixels: CanvasImageSource
}

/** More pixels than a screen shows would only make the sliders heavy. */
const WORKING_SIDE_MAX = 2_048

/** The photo of a file, or null where this browser does not know its format. */
export async function openPhoto(file: Blob): Promise<Photo | null> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' }).catch(() => null)
  if (!bitmap) return null
  const size = { width: bitmap.width, height: bitmap.height }
  if (Math.max(size.width, size.height) <= WORKING_SIDE_MAX) return { size, pixels: bitmap }
  const pixels = canvasOf(fitted(size, WORKING_SIDE_MAX))
  const context = contextOf(pixels)
  context.drawImage(bitmap, 0, 0, pixels.width, pixels.height)
  bitmap.close()
  return { size, pixels }
}

/** The size within a square of a side, never larger than it is. */
export function fitted({ width, height }: Size, side: number): Size {
  const scale = Math.min(1, side / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/**
 * The photo as the setting has it, at most `side` pixels a side: the same geometry and the same cubes as the server's.
 * What differs: the browser scales by its own filter, sharpening looks at the neighbours at this size, and the file is not compressed.
 */
export function renderPhoto(canvas: HTMLCanvasElement, photo: Photo, setting: Setting, side: number): void {
  const frame = frameOf(photo.size, framingOf(setting) ?? {})
  const { width, height } = fitted(frame, side)
  canvas.width = width
  canvas.height = height
  const context = contextOf(canvas)
  drawFramed(context, photo, frame)
  const look = lookOf(setting)
  const sharpening = sharpeningOf(look)
  if (!changesColours(look) && sharpening === 0) return
  const image = context.getImageData(0, 0, width, height)
  const pixels = { data: new Uint8Array(image.data.buffer), width, height, channels: 4 }
  if (changesColours(look)) applyLut(pixels, lutFor(look))
  if (sharpening > 0) applySharpening(pixels, sharpening)
  context.putImageData(image, 0, 0)
}

function drawFramed(context: CanvasRenderingContext2D, { size, pixels }: Photo, { crop, orientation, straighten, ...frame }: Frame): void {
  const { width, height } = context.canvas
  const { mirrored, turn } = turningOf(orientation)
  // The renditions have white where the picture is transparent.
  context.fillStyle = '#fff'
  context.fillRect(0, 0, width, height)
  context.translate(width / 2, height / 2)
  context.scale(width / frame.width, height / frame.height)
  context.rotate(((straighten + turn) * Math.PI) / 180)
  if (mirrored) context.scale(-1, 1)
  context.translate(-(crop.left + crop.width / 2), -(crop.top + crop.height / 2))
  context.drawImage(pixels, 0, 0, size.width, size.height)
  context.resetTransform()
}

/** The last cube: a slider of the geometry leaves it as it is. */
let lastLut: { readonly key: string; readonly lut: Lut } | null = null

function lutFor(look: Look): Lut {
  const key = JSON.stringify(look)
  if (lastLut?.key !== key) lastLut = { key, lut: lookLut(look) }
  return lastLut.lut
}

export function canvasOf({ width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  return canvas
}

export function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new Error('the browser gives no canvas')
  context.imageSmoothingQuality = 'high'
  return context
}
