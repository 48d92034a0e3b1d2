import type { DevelopedImage, EncodedFile } from '../../domain/developed.ts'
import { isFingerprintHash, type SeenFingerprint } from '../../domain/fingerprint.ts'
import { isLoss } from '../../domain/losses.ts'
import type { Appearance } from '../../domain/media.ts'
import { mediaTypes } from '../../domain/media.ts'
import { admitImage, imageExtensions, predictDecodeBytes } from '../../domain/plan-image.ts'
import type { ImagePlan } from '../../domain/plans.ts'
import type { ImageStudio } from '../../domain/ports.ts'
import type { AnswerTo, Job } from './child-messages.ts'
import type { Development } from './develop.ts'
import { examine } from './examine.ts'
import { readHeader } from './header.ts'
import { createDecoderPool, type PoolOptions } from './pool.ts'
import type { Rendering } from './render.ts'

type DevelopOptions = Parameters<ImageStudio['develop']>[2]

/** The image studio: headers are read here, pixels are decoded in killable children only. */
export function createImageStudio(options: PoolOptions): ImageStudio & { pids(): number[] } {
  const { limits } = options
  const pool = createDecoderPool(options)

  async function run<J extends Job, T>(job: J, { signal, onProgress }: DevelopOptions = {}, take?: (answer: AnswerTo<J>) => T): Promise<T> {
    // Refused here already where the header tells; the child looks again at what it is given.
    const { probe } = examine(job.bytes, limits)
    const total = job.kind === 'unroll' ? 0 : job.plan.renditions.length
    return await pool.run(job, {
      decodeBytes: predictDecodeBytes(probe),
      signal,
      take,
      onProgress: (done) => onProgress?.({ done, total, unit: 'renditions' }),
    })
  }

  return {
    async probe(bytes, type) {
      const { probe } = readHeader(bytes, type)
      admitImage(probe, limits)
      return probe
    },
    develop: async (bytes, plan, options) => await run({ kind: 'develop', bytes, plan }, options, (answer) => received(answer, plan)),
    render: async (bytes, plan, options) => await run({ kind: 'render', bytes, plan }, options, (answer) => filesOf(answer, plan)),
    async unroll(bytes, file, options) {
      await run({ kind: 'unroll', bytes, file }, options)
    },
    pids: pool.pids,
    close: pool.close,
  }
}

/**
 * What a child has answered, taken apart to what was asked for: it has met hostile bytes, so names, sizes and
 * types come from the plan, and only files' bytes, a short hash and known facts are taken from it.
 */
function received(development: Development, plan: ImagePlan): DevelopedImage {
  const { blurhash, appearance, fingerprint, facts, losses } = development
  if (typeof blurhash !== 'string' || blurhash.length > 100) throw new Error('the image decoder gave no blurhash')
  return {
    files: filesOf(development, plan),
    blurhash,
    appearance: checked(appearance),
    fingerprint: checkedFingerprint(fingerprint),
    facts,
    losses: losses.filter(isLoss),
  }
}

function filesOf({ files, encodeMs }: Rendering, plan: ImagePlan): EncodedFile[] {
  if (files.length !== plan.renditions.length || !files.every((file) => file instanceof Uint8Array))
    throw new Error('the image decoder gave other files than planned')
  return plan.renditions.map(({ name, width, height, alt, format }, index) => ({
    name,
    type: mediaTypes[imageExtensions[format]],
    width,
    height,
    alt,
    data: files[index] as Uint8Array,
    encodeMs: Math.max(0, Math.round(Number(encodeMs[index])) || 0),
  }))
}

/** Of an answer only what has the form that it must have. */
function checked({ thumbhash, palette, focus }: Appearance): Appearance {
  const isShare = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 1
  if (!/^[A-Za-z0-9+/]{8,64}={0,2}$/.test(thumbhash)) throw new Error('the image decoder gave no thumbhash')
  if (palette.length > 5 || !palette.every(({ colour, share }) => /^#[0-9a-f]{6}$/.test(colour) && isShare(share)))
    throw new Error('the image decoder gave no palette')
  if (!isShare(focus.x) || !isShare(focus.y)) throw new Error('the image decoder gave no focus')
  return { thumbhash, palette: palette.map(({ colour, share }) => ({ colour, share })), focus: { x: focus.x, y: focus.y } }
}

function checkedFingerprint({ hash, quality, turned }: SeenFingerprint): SeenFingerprint {
  if (turned.length !== 8 || ![hash, ...turned].every(isFingerprintHash) || !(quality >= 0 && quality <= 100))
    throw new Error('the image decoder gave no fingerprint')
  return { hash, quality, turned: [...turned] }
}
