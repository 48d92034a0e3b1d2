import { keyOf } from '../domain/ids.ts'
import { MediaError } from '../domain/errors.ts'
import { planVariants } from '../domain/plan-variants.ts'
import type { SourceType } from '../domain/plans.ts'
import type { BlobStore, ImageStudio, MediaStore, ObjectStore, VariantStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { lookIn } from '../domain/edits.ts'
import { fittedVariant, variantName } from '../domain/variant.ts'
import type { VariantsInput } from '../domain/workflow-inputs.ts'
import { forgetFiles, must, storeFiles } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { withOriginal } from './original.ts'

export interface VariantsDeps {
  readonly catalog: MediaStore & VariantStore
  readonly objects: ObjectStore
  readonly blobs: BlobStore
  readonly images: ImageStudio
}

/**
 * Makes those variants that are not there yet, in one decode, and packs them as one batch under the current version.
 * MEDIA_NOT_FOUND for another version, MEDIA_ERASED, VARIANTS_TOO_MANY.
 */
export function renderVariants({ catalog, objects, blobs, images }: VariantsDeps) {
  return async ({ mediaId, version, variants }: VariantsInput): Promise<{ readonly files: number }> =>
    await withHeartbeat(async ({ signal }) => {
      const row = await catalog.get(mediaId)
      if (row?.state === 'erased') throw new MediaError('MEDIA_ERASED')
      const { manifest } = row ?? {}
      if (!row || manifest?.version !== version) throw new MediaError('MEDIA_NOT_FOUND')
      const wanted = new Map(variants.map((variant) => fittedVariant(variant, manifest)).map((fitted) => [variantName(fitted), fitted]))
      const reserved = await catalog.reserveVariants(mediaId, version, [...wanted.keys()])
      const missing = reserved.filter(({ file }) => file === null)
      if (missing.length === 0) return { files: 0 }
      const placed = missing.map(({ name, place }) => ({ variant: must(wanted.get(name)), place }))
      const files = await withOriginal(objects, mediaId, async (original) => {
        const probe = await images.probe(original, row.sourceType as SourceType)
        const plan = planVariants(probe, presetNamed(row.preset), { ...lookIn(row), version }, placed, manifest.focus)
        return await images.render(original, plan, { signal })
      })
      const stored = await storeFiles(blobs, { mediaId }, files)
      forgetFiles(files)
      try {
        await catalog.keepVariants(mediaId, version, stored)
      } catch (error) {
        // An erase came in between: its discard may have been over before these were written.
        if (error instanceof MediaError && error.code === 'MEDIA_ERASED')
          for (const volume of new Set(stored.map(({ locator }) => locator.volume))) await blobs.delete(keyOf(mediaId), volume)
        throw error
      }
      return { files: stored.length }
    })
}
