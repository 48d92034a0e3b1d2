import { MediaError } from '../domain/errors.ts'
import type { Rendition } from '../domain/media.ts'
import { fittedVariant, NO_FILTER, type Variant, variantName } from '../domain/variant.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import { ownRow } from './media-routes.ts'

/** Wide enough to judge colours by, small enough that all of them are made in a second or two. */
const PREVIEW_WIDTH = 320

export interface Preview {
  /** `none` for the picture as it came. */
  readonly filter: string
  readonly url: string
  readonly width: number
  readonly height: number
  readonly bytes: number
}

/**
 * GET /v1/media/{id}/previews: a ready photo in every filter there is, small, made from one decode when first asked
 * for. REQUEST_INVALID for what is no ready photo, VARIANTS_BUSY while they are being made for too long.
 */
export async function getPreviews(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownRow(call, parts)
  const { kind, state, manifest } = row
  if (state === 'erased') throw new MediaError('MEDIA_ERASED')
  if (kind !== 'image' || state !== 'ready' || !manifest)
    throw new MediaError('REQUEST_INVALID', 'Only a photo that is ready has previews.')
  const wanted = [NO_FILTER, ...parts.filters].map((filter) => {
    const variant: Variant = { width: PREVIEW_WIDTH, filter, format: 'webp' }
    return { filter, variant, name: variantName(fittedVariant(variant, manifest)) }
  })
  const find = async () => await Promise.all(wanted.map(async ({ name }) => await parts.catalog.variant(row.id, manifest.version, name)))
  let files = await find()
  if (files.includes(null)) {
    await parts.variants.make(
      row,
      wanted.map(({ variant }) => variant),
    )
    files = await find()
  }
  const previews = wanted.flatMap(({ filter }, index): Preview[] => {
    const file: Rendition | null = files[index] ?? null
    if (!file) return []
    const { width, height, bytes } = file
    return [{ filter, url: parts.urls.fileUrl(row.id, manifest.version, file), width, height, bytes }]
  })
  return json(200, { previews })
}
