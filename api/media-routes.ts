import { enhanceHindrance } from '../domain/enhance.ts'
import { MediaError } from '../domain/errors.ts'
import { parseMediaId } from '../domain/ids.ts'
import { type MediaRow, originalKey } from '../domain/media.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import { formatCursor, parseCursor } from './cursor.ts'
import { toItem } from './item.ts'
import { wholeNumber } from './parameters.ts'

const PAGE_DEFAULT = 50

/** The row of the path's id, when it is the caller's; of another tenant's item not even its existence is told. MEDIA_NOT_FOUND. */
export async function ownRow(call: Call, parts: Parts): Promise<MediaRow> {
  const id = parseMediaId(call.params.id ?? '')
  const row = id === null ? null : await parts.catalog.get(id)
  if (!row || row.tenant !== call.tenant) throw new MediaError('MEDIA_NOT_FOUND')
  return row
}

/** GET /v1/media: the newest items first, a page at a time. REQUEST_INVALID. */
export async function listMedia(call: Call, parts: Parts): Promise<Answer> {
  const limit = wholeNumber(call.query, 'limit', { min: 1, max: parts.limits.listItemsMax, fallback: PAGE_DEFAULT })
  const cursor = call.query.get('cursor')
  const before = cursor === null ? null : parseCursor(cursor)
  // One more than is shown tells whether there is another page.
  const rows = await parts.catalog.recent(call.tenant, limit + 1, before)
  const shown = rows.slice(0, limit)
  const last = rows.length > limit ? shown.at(-1) : undefined
  const next = last ? formatCursor(last.id) : null
  const link = next === null ? {} : { link: `</v1/media?limit=${limit}&cursor=${next}>; rel="next"` }
  return json(200, { items: shown.map((row) => toItem(row, parts.urls)), next }, link)
}

/** GET /v1/media/{id} */
export async function getMedia(call: Call, parts: Parts): Promise<Answer> {
  return json(200, toItem(await ownRow(call, parts), parts.urls))
}

/** GET /v1/media/{id}/facts: what the camera told, for the owner's eyes only. Empty until the item is developed. */
export async function getFacts(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownRow(call, parts)
  if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
  return json(200, (await parts.catalog.facts(row.id)) ?? {})
}

const SIMILAR_MAX = 50

/** GET /v1/media/{id}/similar: the tenant's other items that look like copies of this one, the nearest first. */
export async function similarMedia(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownRow(call, parts)
  if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
  const found = await parts.catalog.similar(row.id, SIMILAR_MAX)
  const rows = await Promise.all(found.map(async ({ id }) => await parts.catalog.get(id)))
  return json(200, {
    items: rows.flatMap((similar, index) =>
      similar ? [{ distance: found[index]?.distance ?? 0, item: toItem(similar, parts.urls) }] : [],
    ),
  })
}

/** DELETE /v1/media/{id}: the API tells nothing of it from now on; the erasure's workflow makes origins and edges refuse it. May be repeated. */
export async function deleteMedia(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownRow(call, parts)
  await parts.catalog.beginErase(row.id)
  const erased = (await parts.catalog.get(row.id)) ?? { ...row, state: 'erased' as const }
  parts.background('erase', row.id, parts.starter.erase(erased))
  return json(202, toItem(erased, parts.urls))
}

/** POST /v1/media/{id}/retry: a failed item goes the whole way again, from the original that was kept. MEDIA_NOT_FAILED, ORIGINAL_GONE. */
export async function retryMedia(call: Call, parts: Parts): Promise<Answer> {
  const { id, state } = await ownRow(call, parts)
  if (state === 'erased') throw new MediaError('MEDIA_ERASED')
  if (state === 'failed' && !(await parts.objects.head(originalKey(id)))) throw new MediaError('ORIGINAL_GONE')
  await parts.catalog.retry(id)
  const row = await ownRow(call, parts)
  parts.background('start', id, parts.starter.start(row))
  return json(202, toItem(row, parts.urls))
}

/**
 * POST /v1/media/{id}/enhance: a ready photo is encoded again at higher effort, as its next version; until that is
 * published the item stays as it is. May be repeated: what is enhanced stays so. ENHANCE_IMPOSSIBLE.
 */
export async function enhanceMedia(call: Call, parts: Parts): Promise<Answer> {
  const row = await ownRow(call, parts)
  if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
  if (row.manifest?.enhanced) return json(200, toItem(row, parts.urls))
  const hindrance = enhanceHindrance(row)
  if (hindrance !== null) throw new MediaError('ENHANCE_IMPOSSIBLE', hindrance)
  await parts.starter.enhance(row)
  return json(202, toItem(row, parts.urls))
}
