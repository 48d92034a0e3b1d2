import type { EditName, Edits } from '../../domain/edits.ts'
import type { Colour } from './filter.ts'

type Adjustment = (colour: Colour, amount: number) => Colour

const each = ([red, green, blue]: Colour, change: (channel: number) => number): Colour => [change(red), change(green), change(blue)]
const clamp = (value: number) => Math.min(1, Math.max(0, value))
/** Rec. 709's weights, on sRGB values as they are: a measure of lightness, not of light. */
const lumaOf = ([red, green, blue]: Colour) => 0.2126 * red + 0.7152 * green + 0.0722 * blue

/**
 * What is done to a colour after the filter, in this order; amounts are -1..1. Each is a function of the colour alone,
 * so that all of them are baked into the filter's cube and cost nothing per pixel.
 */
const adjustments: readonly { readonly name: EditName; readonly adjust: Adjustment }[] = [
  // A bend that keeps black and white where they are: nothing is cut off.
  { name: 'brightness', adjust: (colour, amount) => each(colour, (c) => c ** (2 ** -amount)) },
  { name: 'contrast', adjust: (colour, amount) => each(colour, (c) => 0.5 + (c - 0.5) * (amount < 0 ? 1 + amount * 0.75 : 1 + amount)) },
  { name: 'highlights', adjust: (colour, amount) => raised(colour, 0.25 * amount * lumaOf(colour) ** 2) },
  { name: 'shadows', adjust: (colour, amount) => raised(colour, 0.25 * amount * (1 - lumaOf(colour)) ** 2) },
  { name: 'warmth', adjust: ([red, green, blue], amount) => [red * (1 + 0.15 * amount), green, blue * (1 - 0.15 * amount)] },
  {
    name: 'saturation',
    adjust: (colour, amount) => {
      const luma = lumaOf(colour)
      return each(colour, (c) => luma + (c - luma) * (1 + amount))
    },
  },
  { name: 'fade', adjust: (colour, amount) => each(colour, (c) => c + (0.1 + 0.75 * c - c) * amount * 0.8) },
]

/** Raised by an amount that vanishes at black and white, so that both stay. */
function raised(colour: Colour, amount: number): Colour {
  return each(colour, (c) => c + 4 * amount * c * (1 - c))
}

/** The function of one colour, channels 0..1, that the edits are; undefined where they change nothing. */
export function adjusterOf(edits: Edits): ((colour: Colour) => Colour) | undefined {
  const steps = adjustments.filter(({ name }) => (edits[name] ?? 0) !== 0)
  if (steps.length === 0) return undefined
  return (colour) => steps.reduce((at, { name, adjust }) => each(adjust(at, (edits[name] ?? 0) / 100), clamp), colour)
}

/** What is left of the light in the corners at the most. */
const VIGNETTE_LEFT = 0.2

/** What becomes of a colour in the very corners; undefined where that is nothing. */
export function vignetteOf({ vignette = 0 }: Edits): ((colour: Colour) => Colour) | undefined {
  if (vignette === 0) return undefined
  return (colour) => each(colour, (c) => c * (1 - ((1 - VIGNETTE_LEFT) * vignette) / 100))
}
