import { altOf, altPlaces } from './alt.ts'
import type { Look } from './edits.ts'
import { planImage } from './plan-image.ts'
import type { ImageFormat, ImagePlan, ImageProbe, PlannedRendition, Preset } from './plans.ts'
import { auto } from './presets/auto.ts'
import { full } from './presets/full.ts'
import { NO_FILTER, type Variant, variantName } from './variant.ts'

/** Shares of width and height. */
type Point = { readonly x: number; readonly y: number }
const MIDDLE: Point = { x: 0.5, y: 0.5 }

/** Where the variant's needle lies among the version's: given out by the catalog, in order of asking. */
export interface PlacedVariant {
  readonly variant: Variant
  readonly place: number
}

/**
 * The plan of variants that are fitted to the picture already. They come about as the ladder's renditions do,
 * through the ladder's larger sizes, so that a variant of a ladder's size has the very bytes of the rendition.
 */
export function planVariants(
  probe: ImageProbe,
  preset: Preset,
  item: Look & { readonly version: number },
  placed: readonly PlacedVariant[],
  focus: Point = MIDDLE,
): ImagePlan {
  const asItCame = placed.filter(({ variant }) => variant.untouched).length
  if (asItCame > 0 && asItCame < placed.length) throw new Error('what is shown of an upload and the upload itself are planned apart')
  const whole = planImage(probe, preset, asItCame > 0 ? { filter: null, version: item.version } : item)
  const renditions = placed.map(({ variant, place }) =>
    rendition(variant, whole, preset, altOf(item.version, altPlaces.variant(place)), focus),
  )
  const ladder = new Map(whole.renditions.map(({ width, height }) => [width, { width, height }]))
  const planned = { ...whole, via: [...ladder.values()], renditions: renditions.toSorted((a, b) => reach(b) - reach(a)) }
  const filtered = placed.filter(({ variant }) => variant.filter !== undefined).length
  if (filtered === 0) return planned
  if (filtered < placed.length) throw new Error('variants with a filter of their own are planned by themselves')
  const { edits: _, ...bare } = planned
  return { ...bare, filter: null }
}

/** Width that the picture is scaled to for it. */
function reach({ width, cut }: PlannedRendition): number {
  return cut?.of.width ?? width
}

function rendition(variant: Variant, picture: ImagePlan, preset: Preset, alt: number, focus: Point): PlannedRendition {
  const { height, filter, format, autoQuality } = variant
  const width = Math.min(variant.width, picture.width)
  const { quality, ssim } = qualityOf(format, preset, autoQuality ?? false)
  const heightAt = (wanted: number) => Math.max(1, Math.round((picture.height * wanted) / picture.width))
  const common = {
    name: variantName(variant),
    width,
    format,
    quality,
    ...(ssim === undefined ? {} : { ssim }),
    ...(filter === undefined ? {} : { look: { filter: filter === NO_FILTER ? null : filter } }),
    alt,
  }
  if (height === undefined) return { ...common, height: heightAt(width) }
  // The smallest size that covers the box, which then lies as nearly around the focus as it can.
  const coverWidth = Math.max(width, Math.round((picture.width * height) / picture.height))
  const coverHeight = Math.max(height, heightAt(coverWidth))
  const cut = {
    of: { width: coverWidth, height: coverHeight },
    left: startOf(width, coverWidth, focus.x),
    top: startOf(height, coverHeight, focus.y),
  }
  return { ...common, height, cut }
}

/** Where a part begins that has the focus, a share of the whole, in its middle where it can. */
function startOf(part: number, whole: number, focus: number): number {
  return Math.min(whole - part, Math.max(0, Math.floor(whole * focus - part / 2)))
}

/** The preset's own quality for the format; where it has none, that of the preset which has all. */
function qualityOf(format: ImageFormat, preset: Preset, metric: boolean): { readonly quality: number; readonly ssim?: number } {
  const among = ({ image }: Preset) => image.formats.find((one) => one.format === format)
  const chosen = (metric ? among(auto) : undefined) ?? among(preset) ?? among(full)
  if (!chosen) throw new Error(`no preset has a quality for ${format}`)
  return chosen
}
