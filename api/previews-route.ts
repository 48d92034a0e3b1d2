import { MediaError } from '../domain/errors.ts'
import type { Manifest, MediaRow, Rendition } from '../domain/media.ts'
import { fittedVariant, NO_FILTER, type Variant, variantName } from '../domain/variant.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import { ownRow } from './media-routes.ts'

/** Wide enough to judge colours by, small enough that all of them are made in a second or two. */
const PREVIEW_WIDTH = 320

export interface Preview {
  /** `none` for the picture as it came. */
  readonly filter: string
  /** What people call it. */
  readonly title: string
  readonly url: string
  readonly width: number
  readonly height: number
  readonly bytes: number
  /** Time that making it took besides the decode that all share. */
  readonly encodeMs?: number
}

/** What was uploaded, as a picture that every browser shows. */
export interface UploadView extends Omit<Preview, 'filter' | 'title'> {
  /** Of the file that was uploaded. */
  readonly source: { readonly type: string; readonly bytes: number }
}

/**
 * GET /v1/media/{id}/previews: a ready photo in every filter there is, small, made from one decode when first asked
 * for. REQUEST_INVALID for what is no ready photo, VARIANTS_BUSY while they are being made for too long.
 */
export async function getPreviews(call: Call, parts: Parts): Promise<Answer> {
  const { row, manifest } = await readyPhoto(call, parts)
  const filters = [{ name: NO_FILTER, title: 'Original' }, ...parts.filters]
  const wanted = filters.map((filter) => {
    const variant: Variant = { width: PREVIEW_WIDTH, filter: filter.name, format: 'webp' }
    return { variant, name: variantName(fittedVariant(variant, manifest)) }
  })
  const files = await made(row, manifest, wanted, parts)
  const previews = filters.flatMap(({ name, title }, index): Preview[] => {
    const file = files[index]
    return file ? [{ filter: name, title, ...seen(row, manifest, file, parts) }] : []
  })
  return json(200, { previews })
}

/** Wide enough to judge a photo by on any screen. */
const UPLOAD_WIDTH = 1_080

/**
 * GET /v1/media/{id}/upload: what was uploaded, whole and as it came but upright, as a picture for its owner, made when first asked
 * for. A browser may not show the file itself, and that has metadata. Errors as of {@link getPreviews}.
 */
export async function getUpload(call: Call, parts: Parts): Promise<Answer> {
  const { row, manifest } = await readyPhoto(call, parts)
  const variant: Variant = { width: UPLOAD_WIDTH, untouched: true, format: 'webp' }
  const [file] = await made(row, manifest, [{ variant, name: variantName(variant) }], parts)
  if (!file) throw new MediaError('VARIANTS_BUSY')
  const view: UploadView = { ...seen(row, manifest, file, parts), source: { type: row.sourceType, bytes: row.sourceBytes } }
  return json(200, view)
}

async function readyPhoto(call: Call, parts: Parts): Promise<{ readonly row: MediaRow; readonly manifest: Manifest }> {
  const row = await ownRow(call, parts)
  const { kind, state, manifest } = row
  if (state === 'erased') throw new MediaError('MEDIA_ERASED')
  if (kind !== 'image' || state !== 'ready' || !manifest) throw new MediaError('REQUEST_INVALID', 'Only of a photo that is ready.')
  return { row, manifest }
}

interface Named {
  readonly variant: Variant
  readonly name: string
}

/** The files of variants, made now where one is missing; null for what cannot be found even then. */
async function made(row: MediaRow, { version }: Manifest, wanted: readonly Named[], parts: Parts): Promise<(Rendition | null)[]> {
  const find = async () => await Promise.all(wanted.map(async ({ name }) => await parts.catalog.variant(row.id, version, name)))
  const files = await find()
  if (!files.includes(null)) return files
  await parts.variants.make(
    row,
    wanted.map(({ variant }) => variant),
  )
  return await find()
}

function seen(row: MediaRow, { version }: Manifest, file: Rendition, parts: Parts): Omit<Preview, 'filter' | 'title'> {
  const { width, height, bytes, encodeMs } = file
  return { url: parts.urls.fileUrl(row.id, version, file), width, height, bytes, ...(encodeMs === undefined ? {} : { encodeMs }) }
}
