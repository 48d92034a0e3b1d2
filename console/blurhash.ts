import { decode, isBlurhashValid } from 'blurhash'

/** A canvas of `width` x `height` pixels (small: CSS enlarges it), or null when the text is not a BlurHash. */
export function blurhashCanvas(hash: string, width: number, height: number): HTMLCanvasElement | null {
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  if (!isBlurhashValid(hash).result || !context) return null
  canvas.width = width
  canvas.height = height
  const image = context.createImageData(width, height)
  image.data.set(decode(hash, width, height))
  context.putImageData(image, 0, 0)
  return canvas
}
