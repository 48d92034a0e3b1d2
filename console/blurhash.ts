/** Decodes a BlurHash (the format's own description: github.com/woltapp/blurhash, Algorithm.md) onto a canvas. */
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~'

type Rgb = readonly [number, number, number]

function number83(text: string): number {
  let value = 0
  for (const digit of text) value = value * 83 + DIGITS.indexOf(digit)
  return value
}

function linear(byte: number): number {
  const value = byte / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

function byteOf(value: number): number {
  const clipped = Math.min(1, Math.max(0, value))
  return Math.round(255 * (clipped <= 0.0031308 ? clipped * 12.92 : 1.055 * clipped ** (1 / 2.4) - 0.055))
}

/** The cosine factors in linear light, row by row; null when the text is not a BlurHash. */
function factorsOf(hash: string): { columns: number; rows: number; factors: Rgb[] } | null {
  if (hash.length < 6 || [...hash].some((digit) => !DIGITS.includes(digit))) return null
  const size = number83(hash.slice(0, 1))
  const columns = (size % 9) + 1
  const rows = Math.floor(size / 9) + 1
  if (hash.length !== 4 + 2 * columns * rows) return null
  const scale = (number83(hash.slice(1, 2)) + 1) / 166
  const average = number83(hash.slice(2, 6))
  const factors: Rgb[] = [[linear(average >> 16), linear((average >> 8) & 255), linear(average & 255)]]
  for (let index = 1; index < columns * rows; index++) {
    const value = number83(hash.slice(4 + index * 2, 6 + index * 2))
    const part = (quantised: number) => Math.sign(quantised - 9) * ((quantised - 9) / 9) ** 2 * scale
    factors.push([part(Math.floor(value / 361)), part(Math.floor(value / 19) % 19), part(value % 19)])
  }
  return { columns, rows, factors }
}

/** A canvas of `width` x `height` pixels (small: CSS enlarges it), or null when the text is not a BlurHash. */
export function blurhashCanvas(hash: string, width: number, height: number): HTMLCanvasElement | null {
  const decoded = factorsOf(hash)
  const canvas = document.createElement('canvas')
  const context = canvas.getContext('2d')
  if (!decoded || !context) return null
  canvas.width = width
  canvas.height = height
  const image = context.createImageData(width, height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sum = [0, 0, 0]
      for (const [index, factor] of decoded.factors.entries()) {
        const basis =
          Math.cos((Math.PI * x * (index % decoded.columns)) / width) *
          Math.cos((Math.PI * y * Math.floor(index / decoded.columns)) / height)
        for (let channel = 0; channel < 3; channel++) sum[channel] = (sum[channel] ?? 0) + (factor[channel] ?? 0) * basis
      }
      image.data.set([...sum.map(byteOf), 255], (y * width + x) * 4)
    }
  }
  context.putImageData(image, 0, 0)
  return canvas
}
