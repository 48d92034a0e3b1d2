import { altOf, altPlaces } from './alt.ts'
import { changesColours, type Look, lookIn } from './edits.ts'
import { MediaError } from './errors.ts'
import { frameOf } from './framing.ts'
import type { Limits } from './limits.ts'
import type { FileExtension } from './media.ts'
import type { Animation, ImageFormat, ImagePlan, ImageProbe, PlannedRendition, Preset } from './plans.ts'

/** VP8 holds 14 bits of width and height (RFC 6386, section 9.1); JPEG would hold 16. */
const RENDITION_SIDE_MAX = 16_383
/** Rows that a decoder going row by row keeps: its own strip, the resampler's and the caches' between them. */
const ROWS_KEPT = 512

/** File extensions of the formats; {@link mediaTypes} tells their types. */
export const imageExtensions: Readonly<Record<ImageFormat, FileExtension>> = { jpeg: 'jpg', webp: 'webp', avif: 'avif' }

/**
 * The renditions of a picture: every width of the preset that its source can fill, in every format of the preset.
 * Nothing is scaled up: a source narrower than the smallest width keeps its own width. Of a framed picture the
 * sizes are those of what is shown. EDIT_INVALID where the framing leaves nothing to show.
 */
export function planImage(probe: ImageProbe, preset: Preset, options: Look & { readonly version: number }): ImagePlan {
  const framing = options.edits?.framing
  const frame = framing && frameOf(orientedSize(probe), framing)
  const { width, height } = frame ?? orientedSize(probe)
  const planned = plan(width, height, preset.image.widths, preset, {
    look: lookIn(options),
    nameOf: (name) => name,
    altAt: (index) => altOf(options.version, altPlaces.image(index)),
  })
  // What changes colours or leaves something out parts the picture from its gain map.
  const gainMap = preset.image.gainMap && options.filter === null && options.edits === undefined ? ({ gainMap: true } as const) : {}
  // Looks are defined on sRGB.
  const keepsP3 = preset.image.keepsP3 && !changesColours(options) ? ({ keepsP3: true } as const) : {}
  const keepsCopyright = preset.image.keepsCopyright ? ({ keepsCopyright: true } as const) : {}
  return { ...planned, ...gainMap, ...keepsP3, ...keepsCopyright, ...(frame ? { frame } : {}) }
}

/** The renditions of a video's poster, made of a frame of `width` x `height` that is upright and filtered already. */
export function planPoster(width: number, height: number, preset: Preset, version: number): ImagePlan {
  return plan(width, height, preset.video.posterWidths, preset, {
    look: { filter: null },
    nameOf: (name) => `poster-${name}`,
    altAt: (index) => altOf(version, altPlaces.poster(index)),
  })
}

/** Width and height as seen: EXIF orientations 5 to 8 lie on their side. */
export function orientedSize(probe: ImageProbe): { readonly width: number; readonly height: number } {
  return probe.orientation >= 5 ? { width: probe.height, height: probe.width } : { width: probe.width, height: probe.height }
}

/** Bytes that decoding will need at its peak, told from the header. */
export function predictDecodeBytes(probe: ImageProbe): number {
  const rows = probe.heldWhole ? probe.height : Math.min(probe.height, ROWS_KEPT)
  return rows * probe.width * probe.decodeBytesPerPixel
}

/** What a picture is admitted by. */
export type ImageLimits = Pick<Limits, 'imagePixelsMax' | 'imageSideMax' | 'imageDecodeBytesMax'> &
  Pick<Limits, 'animationFramesMax' | 'animationDurationMsMax' | 'animationPixelsMax'>

/** Refuses from the header alone what would cost too much: MEDIA_TOO_MANY_PIXELS, MEDIA_TOO_COSTLY, MEDIA_TOO_LONG. */
export function admitImage(probe: ImageProbe, limits: ImageLimits): void {
  const { width, height } = probe
  if (width > limits.imageSideMax || height > limits.imageSideMax || width * height > limits.imagePixelsMax)
    throw new MediaError('MEDIA_TOO_MANY_PIXELS', `The picture is ${width} x ${height}.`, { facts: { width, height } })
  const decodeBytes = predictDecodeBytes(probe)
  if (decodeBytes > limits.imageDecodeBytesMax)
    throw new MediaError('MEDIA_TOO_COSTLY', `Decoding would take ${Math.round(decodeBytes / 1024 ** 2)} MiB.`, {
      facts: { width, height, decodeBytes },
    })
  if (probe.animation) admitAnimation(probe, probe.animation, limits)
}

function admitAnimation({ width, height, frames }: ImageProbe, { durationMs }: Animation, limits: ImageLimits): void {
  if (durationMs > limits.animationDurationMsMax)
    throw new MediaError('MEDIA_TOO_LONG', `The animation lasts ${Math.round(durationMs / 1_000)} s.`, { facts: { durationMs } })
  if (frames > limits.animationFramesMax || frames * width * height > limits.animationPixelsMax)
    throw new MediaError('MEDIA_TOO_COSTLY', `The animation has ${frames} frames of ${width} x ${height}.`, {
      facts: { frames, width, height },
    })
}

interface Naming {
  readonly look: Look
  readonly nameOf: (name: string) => string
  readonly altAt: (index: number) => number
}

function plan(width: number, height: number, wanted: readonly number[], preset: Preset, { look, nameOf, altAt }: Naming): ImagePlan {
  const renditions: PlannedRendition[] = []
  for (const renditionWidth of widthsWithin(width, wanted)) {
    const renditionHeight = Math.min(RENDITION_SIDE_MAX, Math.max(1, Math.round((height * renditionWidth) / width)))
    for (const { format, quality, ssim } of preset.image.formats)
      renditions.push({
        name: nameOf(`w${renditionWidth}.${imageExtensions[format]}`),
        width: renditionWidth,
        height: renditionHeight,
        format,
        quality,
        ...(ssim === undefined ? {} : { ssim }),
        alt: altAt(renditions.length),
      })
  }
  return { width, height, ...look, renditions }
}

/** A picture that is wider than its largest planned width by more than this keeps its own, too. */
const OWN_WIDTH_SHARE = 1.1

/** Largest first, each once. A picture between two widths would lose up to half of what it has, so that its own is one of them. */
function widthsWithin(sourceWidth: number, wanted: readonly number[]): number[] {
  const most = Math.min(sourceWidth, RENDITION_SIDE_MAX, Math.max(...wanted))
  const within = [...new Set(wanted)].filter((width) => width <= most).toSorted((a, b) => b - a)
  return most > (within[0] ?? 0) * OWN_WIDTH_SHARE ? [most, ...within] : within
}
