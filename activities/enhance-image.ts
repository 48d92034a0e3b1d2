import { lookIn } from '../domain/edits.ts'
import { enhanceHindrance } from '../domain/enhance.ts'
import { MediaError } from '../domain/errors.ts'
import { planImage } from '../domain/plan-image.ts'
import type { SourceType } from '../domain/plans.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import type { DevelopImageDeps } from './develop-image.ts'
import { forgetFiles, saveDraft, storeFiles } from './draft.ts'
import { keptFingerprint } from './fingerprint.ts'
import { withHeartbeat } from './heartbeat.ts'
import { withOriginal } from './original.ts'

/**
 * The ladder of a ready photo once more, from its original, at higher effort, left as the draft of the next version. No
 * files when that version, or an enhanced one, is there already. MEDIA_ERASED, MEDIA_NOT_FOUND, ENHANCE_IMPOSSIBLE.
 */
export function enhanceImage({ catalog, objects, blobs, images }: DevelopImageDeps) {
  return async (input: IngestInput): Promise<{ readonly files: number; readonly bytes: number }> =>
    await withHeartbeat(async ({ signal, report }) => {
      const row = await catalog.get(input.mediaId)
      if (!row) throw new MediaError('MEDIA_NOT_FOUND')
      if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
      const { manifest } = row
      const hindrance = enhanceHindrance(row)
      if (hindrance !== null || !manifest) throw new MediaError('ENHANCE_IMPOSSIBLE', hindrance ?? undefined)
      if (manifest.enhanced || manifest.version >= input.version) return { files: 0, bytes: 0 }
      const developed = await withOriginal(objects, input.mediaId, async (original) => {
        const probe = await images.probe(original, row.sourceType as SourceType)
        const plan = planImage(probe, presetNamed(row.preset), { ...lookIn(row), version: input.version })
        return await images.develop(
          original,
          { ...plan, effort: 'high' },
          { signal, onProgress: ({ done, total }) => report({ done, total }) },
        )
      })
      const renditions = await storeFiles(blobs, input, developed.files)
      forgetFiles(developed.files)
      // Not looked for on the block list: the item is there already, and looks as it did.
      const fingerprint = keptFingerprint(developed.fingerprint)
      await saveDraft(catalog, input, {
        manifest: { ...manifest, version: input.version, renditions, enhanced: true },
        facts: developed.facts,
        ...(fingerprint === undefined ? {} : { fingerprint }),
      })
      return { files: renditions.length, bytes: renditions.reduce((sum, file) => sum + file.bytes, 0) }
    })
}
