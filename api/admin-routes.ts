import { MediaError } from '../domain/errors.ts'
import type { SpaceRow } from '../domain/ports.ts'
import type { VolumeOverview } from '../domain/volume-ports.ts'
import { type Answer, type Call, json, type Parts } from './call.ts'
import { wholeNumber } from './parameters.ts'

const PAGE_DEFAULT = 100
const PAGE_MAX = 1_000

/** GET /v1/admin/volumes: every volume by number, with what the last reading of all its bytes found. */
export async function listVolumes(call: Call, parts: Parts): Promise<Answer> {
  const after = wholeNumber(call.query, 'after', { min: 0, max: 2 ** 31 - 1, fallback: 0 })
  const limit = wholeNumber(call.query, 'limit', { min: 1, max: PAGE_MAX, fallback: PAGE_DEFAULT })
  const volumes = await parts.catalog.overview(after, limit)
  const next = volumes.length === limit ? (volumes.at(-1)?.row.volume ?? null) : null
  const page: VolumePage = { volumes: volumes.map((volume) => toVolume(volume, Date.now())), next }
  return json(200, page)
}

export type VolumeView = ReturnType<typeof toVolume>

export interface VolumePage {
  readonly volumes: readonly VolumeView[]
  /** To ask for those after it; null on the last page. */
  readonly next: number | null
}

function toVolume({ row, scrub }: VolumeOverview, nowMs: number) {
  const { volume, state, writer, bytes, bytesErased, bytesHeld, keysErased } = row
  return { volume, state, writer, bytes, bytesHeld, bytesErased, itemsErased: keysErased, scrub: scrub && toScrub(scrub, nowMs) }
}

function toScrub({ agoMs, report }: NonNullable<VolumeOverview['scrub']>, nowMs: number) {
  const { bytes, needles, found, repaired, bad, tombstoneStrayBytes, tookMs } = report
  return { at: new Date(nowMs - agoMs).toISOString(), tookMs, bytes, needles, found, repaired, quarantined: bad, tombstoneStrayBytes }
}

/** GET /v1/admin/space: what each tenant, by name, has stored and may store; `*` is all together, told first. */
export async function listSpace(call: Call, parts: Parts): Promise<Answer> {
  const limit = wholeNumber(call.query, 'limit', { min: 1, max: PAGE_MAX, fallback: PAGE_DEFAULT })
  const after = call.query.get('after')
  const rows = await parts.catalog.spaces(limit, after === null ? undefined : tenantNamed(after))
  const tenants = rows.map(toSpace)
  return json(200, { tenants, next: tenants.length === limit ? (tenants.at(-1)?.tenant ?? null) : null })
}

function tenantNamed(name: string): string | null {
  return name === '*' ? null : name
}

function toSpace({ tenant, bytes, bytesMax }: SpaceRow) {
  return { tenant: tenant ?? '*', bytes, bytesMax }
}

/** What may be said of a quota in the query. */
export const quotaParameters = ['bytes']

/** PUT /v1/admin/quotas/{tenant}?bytes=: how much a tenant, or with `*` all together, may store from now on. */
export async function putQuota(call: Call, parts: Parts): Promise<Answer> {
  const bytes = call.query.get('bytes')
  if (bytes === null) throw new MediaError('REQUEST_INVALID', 'bytes is missing: how much may be stored.')
  const bytesMax = wholeNumber(call.query, 'bytes', { min: 0, max: Number.MAX_SAFE_INTEGER, fallback: 0 })
  return await setQuota(call, parts, bytesMax)
}

/** DELETE /v1/admin/quotas/{tenant}: it may store without a bound. */
export async function deleteQuota(call: Call, parts: Parts): Promise<Answer> {
  return await setQuota(call, parts, null)
}

async function setQuota({ params }: Call, { catalog }: Parts, bytesMax: number | null): Promise<Answer> {
  const tenant = tenantNamed(params['tenant'] ?? '')
  await catalog.setQuota(tenant, bytesMax)
  return json(200, toSpace(await catalog.space(tenant)))
}

/** GET /v1/space: what the caller has stored, and may store. */
export async function getSpace(call: Call, parts: Parts): Promise<Answer> {
  const { bytes, bytesMax } = await parts.catalog.space(call.tenant)
  return json(200, { bytes, bytesMax })
}
