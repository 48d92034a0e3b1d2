import sharp, { type Sharp } from 'sharp'
import { bestTrial, nextQuality, qualityRanges, type Trial } from '../../domain/quality.ts'
import type { ImageFormat } from '../../domain/plans.ts'
import type { Rights } from '../metadata/rights.ts'
import { encoders } from './encoders.ts'
import { type Picture, pictureFrom, pipelineOf } from './picture.ts'
import { lumaOf, type Luma, structuralSimilarity } from './ssim.ts'

/** A file and how it was made. */
export interface Encoding {
  readonly data: Uint8Array
  readonly quality: number
}

interface Made extends Trial {
  /** Absent where only the luma was encoded. */
  readonly data?: Uint8Array
}

/**
 * Makes an encoder that looks for the lowest quality at which a rendition still has an SSIM, in at most
 * {@link QUALITY_TRIALS_MAX} trials. One for each item: it begins at what the size before came to, which is
 * mostly right. `beforeLook` is told the format of an encode of ours that is about to be decoded.
 */
export function createTargetEncoder(beforeLook: (format: ImageFormat) => void, effort?: 'high') {
  const found = new Map<ImageFormat, number>()
  let reference: { readonly picture: Picture; readonly luma: Luma } | null = null

  async function tryOut(picture: Picture, luma: Luma, format: ImageFormat, quality: number, rights?: Rights): Promise<Made> {
    if (format === 'jpeg') {
      const seen = await jpegLuma(luma, quality, beforeLook)
      return { quality, ssim: structuralSimilarity(luma, seen) }
    }
    const data = await encoders[format](picture, quality, effort, rights)
    beforeLook(format)
    // The profile, if any, is the picture's own: the pixels are compared as they are.
    const seen = lumaOf(await opaque(sharp(data, { ignoreIcc: true })))
    return { quality, ssim: structuralSimilarity(luma, seen), data }
  }

  return async function encodeTo(picture: Picture, format: ImageFormat, start: number, target: number, rights?: Rights): Promise<Encoding> {
    if (reference?.picture !== picture)
      reference = { picture, luma: lumaOf(picture.channels === 3 ? picture : await opaque(pipelineOf(picture))) }
    const { luma } = reference
    const { min, max } = qualityRanges[format]
    const trials: Made[] = []
    let next: number | null = Math.min(max, Math.max(min, found.get(format) ?? start))
    while (next !== null) {
      trials.push(await tryOut(picture, luma, format, next, rights))
      next = nextQuality(trials, target, format)
    }
    const kept = bestTrial(trials, target)
    if (!kept) throw new Error('a search without a trial')
    const { quality } = kept
    found.set(format, quality)
    return { quality, data: kept.data ?? (await encoders[format](picture, quality, effort, rights)) }
  }
}

/**
 * The luma as a JPEG of the quality gives it back. A JPEG quantises its luma by itself, so that the grey baseline
 * file shows exactly what the progressive one in colours will, for a quarter of the time.
 */
async function jpegLuma({ data, width, height }: Luma, quality: number, beforeLook: (format: ImageFormat) => void): Promise<Luma> {
  const file = await sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .jpeg({ quality, optimiseCoding: false })
    .toBuffer()
  beforeLook('jpeg')
  return { data: await sharp(file).toColourspace('b-w').raw().toBuffer(), width, height }
}

async function opaque(pipeline: Sharp): Promise<Picture> {
  return await pictureFrom(pipeline.flatten({ background: '#ffffff' }))
}
