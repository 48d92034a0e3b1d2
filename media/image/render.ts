import type { SeenFingerprint } from '../../domain/fingerprint.ts'
import type { PrivateFacts } from '../../domain/media.ts'
import type { ImagePlan, SourceType } from '../../domain/plans.ts'
import { changesColours, coloursOf, type Look, sharpeningOf } from '../../domain/edits.ts'
import { applyLut, type Lut } from '../filters/index.ts'
import { lookLut } from '../filters/look.ts'
import { applySharpening } from '../filters/sharpen.ts'
import { privateFactsOf } from '../metadata/private-facts.ts'
import { type Rights, rightsOf } from '../metadata/rights.ts'
import { createTargetEncoder } from './auto-quality.ts'
import { createApartDecoder } from './avif-apart.ts'
import { createDecoder } from './decode.ts'
import { srgbOf } from './display-p3.ts'
import { encoders } from './encoders.ts'
import { type DecodeLimits, examine } from './examine.ts'
import { gainSizerOf, hasGainMap } from './gain-sizes.ts'
import type { ImageHeader } from './header-parts.ts'
import { createHeicDecoder } from './heic.ts'
import { partOf, type Picture, sizerOf, withoutIdleAlpha } from './picture.ts'
import { saidToBeP3 } from './wide.ts'

/** The files of a plan. */
export interface Rendering {
  /** In the plan's order. */
  readonly files: readonly Uint8Array[]
  /** Of each file. */
  readonly encodeMs: readonly number[]
}

/** What was seen on the way to the files, for who tells of the picture. */
export interface Seen {
  readonly header: ImageHeader
  readonly fingerprint: SeenFingerprint | null
  /** Of the block of EXIF. */
  readonly read: PrivateFacts
  readonly rights: Rights
  readonly gain: 'kept' | 'lost' | 'none'
  readonly narrowed: boolean
  /** The smallest size, in sRGB. */
  readonly smallest: Picture
}

/** A cube with corners takes 0.9 MB. */
const LUTS_MAX = 64

/**
 * Makes renderers that keep the cubes of the filters they have used. A renderer goes: one decode at the top size,
 * filter once, every other size from those pixels, every format of a size from the same pixels. `beforeDecode` is
 * told the type once the header is known to be sound, and again of each encode of ours that is looked at; `look` is given
 * what is shown as it is before a filter. `ffmpeg`, where there is one, decodes what takes much memory otherwise.
 */
export function createRenderer(limits: DecodeLimits, beforeDecode: (type: SourceType) => void = () => undefined, ffmpeg?: string) {
  const decodeHeic = createHeicDecoder()
  const decodeUpright = createDecoder(limits, decodeHeic, ffmpeg === undefined ? null : createApartDecoder(ffmpeg, limits))
  const luts = new Map<string, Lut>()

  function lookInPlace(picture: Picture, look: Look): void {
    if (!changesColours(look)) return
    const key = JSON.stringify(look)
    const lut = luts.get(key) ?? lookLut(look)
    // Edits make as many looks as there are photos: the oldest goes.
    const [oldest] = luts.keys()
    if (luts.size >= LUTS_MAX && oldest !== undefined && !luts.has(key)) luts.delete(oldest)
    luts.set(key, lut)
    applyLut(picture, lut)
  }

  return async function render(
    bytes: Uint8Array,
    plan: ImagePlan,
    onRendition: (done: number) => void,
    look?: (top: Picture) => Promise<SeenFingerprint>,
  ): Promise<Rendering & { readonly seen: Seen }> {
    const header = examine(bytes, limits)
    const { probe, exif } = header
    beforeDecode(probe.type)
    const still = bytes.subarray(0, header.stillBytes ?? bytes.length)
    const decoded = await decodeUpright(still, header, { ...topOf(plan), frame: plan.frame, keepsP3: plan.keepsP3 })
    const top = await withoutIdleAlpha(decoded)
    const fingerprint = (await look?.(top)) ?? null
    lookInPlace(top, coloursOf(plan))
    const sharpening = sharpeningOf(plan)
    if (sharpening > 0) applySharpening(top, sharpening)

    const files: Uint8Array[] = []
    const encodeMs: number[] = []
    const sized = sizerOf(top)
    let picture = top
    const read = await privateFactsOf(exif)
    const rights = rightsOf(bytes, read)
    const written = plan.keepsCopyright ? rights : undefined
    const gain = plan.gainMap ? await gainSizerOf(still, header, limits, decodeHeic, written) : null
    const encodeTo = createTargetEncoder((format) => beforeDecode(`image/${format}`), plan.effort)
    for (const { format, quality, ssim, cut, look: own, ...size } of plan.renditions) {
      const startedMs = performance.now()
      const { width, height } = cut?.of ?? size
      for (const larger of plan.via ?? []) if (larger.width > width) await sized(larger.width, larger.height)
      picture = await sized(width, height)
      const part = cut ? await partOf(picture, { ...cut, width: size.width, height: size.height }) : picture
      const shown = !own ? part : decoded.isP3 ? srgbOf(part) : { ...part, data: Buffer.from(part.data) }
      if (own) lookInPlace(shown, coloursOf(own))
      // It belongs to these very colours and to the whole picture, and brings the rights along.
      const gained = format === 'jpeg' && !cut && !own ? gain : null
      const said = gained ? undefined : written
      const bare =
        ssim === undefined
          ? await encoders[format](shown, quality, plan.effort, said)
          : (await encodeTo(shown, format, quality, ssim, said)).data
      const file = decoded.isP3 && !own ? saidToBeP3[format](bare, shown.width, shown.height) : bare
      files.push(gained ? await gained(file, width, height) : file)
      encodeMs.push(performance.now() - startedMs)
      onRendition(files.length)
    }
    const state = gain ? 'kept' : hasGainMap(still, header) ? 'lost' : 'none'
    const smallest = decoded.isP3 ? srgbOf(picture) : picture
    return { files, encodeMs, seen: { header, fingerprint, read, rights, gain: state, narrowed: decoded.narrowed === true, smallest } }
  }
}

/** The largest size that the plan has any use for. */
function topOf({ renditions, via = [] }: ImagePlan): { readonly width: number; readonly height: number } {
  const [largest] = [...via, ...renditions.map(({ cut, ...size }) => cut?.of ?? size)].toSorted((a, b) => b.width - a.width)
  if (!largest || renditions.length === 0) throw new Error('a plan without renditions')
  return { width: largest.width, height: largest.height }
}
