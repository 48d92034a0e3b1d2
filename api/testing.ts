/** What the tests of the API stand on: the ports in memory, and an API over them on a free port. */
import { MediaError } from '../domain/errors.ts'
import { bornMs, createIdGenerator, type MediaId } from '../domain/ids.ts'
import { type Limits, limits } from '../domain/limits.ts'
import type { MediaRow, PrivateFacts, Rendition } from '../domain/media.ts'
import type { Catalog, CatalogSignal, MediaStore, NewMedia, ObjectStore, WorkflowWatch } from '../domain/ports.ts'
import type { VolumeOverview } from '../domain/volume-ports.ts'
import { type ApiOptions, createApi } from './api.ts'
import { hashKey } from './keys.ts'
import { createJsonLogger } from './logger.ts'
import type { Starter } from './starter.ts'

type CatalogPart = MediaStore &
  Pick<
    Catalog,
    | 'space'
    | 'spaces'
    | 'setQuota'
    | 'overview'
    | 'reserve'
    | 'release'
    | 'tenantOfKey'
    | 'addKey'
    | 'onSignal'
    | 'ping'
    | 'similar'
    | 'variant'
    | 'forgetCheckpoints'
  >

export interface MemoryCatalog extends CatalogPart {
  readonly rows: Map<MediaId, MediaRow>
  /** Bytes that a tenant may have under way at once. */
  readonly quotas: Map<string, number>
  readonly reserved: Map<number, number>
  /** What `overview` gives. */
  readonly volumes: VolumeOverview[]
  /** What `similar` gives. */
  readonly copies: Map<MediaId, readonly { readonly id: MediaId; readonly distance: number }[]>
  /** By name. */
  readonly variants: Map<string, Rendition>
  /** Sets fields of a row, grows its revision and signals. */
  change(id: MediaId, fields: Partial<MediaRow>): void
}

const isFinal = (row: MediaRow) => row.state !== 'processing' && row.state !== 'playable'

export function createMemoryCatalog(): MemoryCatalog {
  const rows = new Map<MediaId, MediaRow>()
  const copies: MemoryCatalog['copies'] = new Map()
  const variants: MemoryCatalog['variants'] = new Map()
  const keys = new Map<string, string>()
  const quotas = new Map<string, number>()
  const reserved = new Map<number, number>()
  const volumes: VolumeOverview[] = []
  let lastReservation = 0
  const factsById = new Map<MediaId, PrivateFacts>()
  const started = new Set<MediaId>()
  const listeners = new Set<(signal: CatalogSignal) => void>()
  const due = (row: MediaRow, olderThanMs: number) => Date.now() - row.createdAt.getTime() >= olderThanMs

  function rowOf(id: MediaId): MediaRow {
    const row = rows.get(id)
    if (!row) throw new MediaError('MEDIA_NOT_FOUND')
    return row
  }
  function change(id: MediaId, fields: Partial<MediaRow>): void {
    const row = rowOf(id)
    rows.set(id, { ...row, ...fields, revision: row.revision + 1 })
    for (const listener of listeners) listener({ kind: 'media', id })
  }

  return {
    rows,
    quotas,
    reserved,
    copies,
    change,
    async tenantOfKey(keySha256) {
      return keys.get(keySha256) ?? null
    },
    async addKey(tenant, keySha256) {
      keys.set(keySha256, tenant)
    },
    async reserve(tenant, bytes) {
      const bytesMax = quotas.get(tenant)
      if (bytesMax === undefined) return null
      if (bytes + [...reserved.values()].reduce((sum, one) => sum + one, 0) > bytesMax) throw new MediaError('QUOTA_EXCEEDED')
      lastReservation += 1
      reserved.set(lastReservation, bytes)
      return lastReservation
    },
    async space(tenant) {
      return { tenant, bytes: 0, bytesMax: quotas.get(tenant ?? '*') ?? null }
    },
    async spaces(limit, after) {
      const names = [...quotas.keys()].toSorted().filter((name) => after === undefined || name > (after ?? '*'))
      return names.slice(0, limit).map((name) => ({ tenant: name === '*' ? null : name, bytes: 0, bytesMax: quotas.get(name) ?? null }))
    },
    async setQuota(tenant, bytesMax) {
      if (bytesMax === null) quotas.delete(tenant ?? '*')
      else quotas.set(tenant ?? '*', bytesMax)
    },
    volumes,
    async overview(after, limit) {
      return volumes.filter(({ row }) => row.volume > after).slice(0, limit)
    },
    async release(reservation) {
      reserved.delete(reservation)
    },
    async accept(media: NewMedia, reservation = null) {
      if (reservation !== null) reserved.delete(reservation)
      if (!rows.has(media.id))
        rows.set(media.id, {
          ...media,
          state: 'processing',
          stage: 'received',
          version: 1,
          revision: 1,
          createdAt: new Date(bornMs(media.id)),
        })
    },
    variants,
    async variant(id, version, name) {
      return variants.get(`${id}.${version}/${name}`) ?? null
    },
    async get(id) {
      return rows.get(id) ?? null
    },
    async recent(tenant, limit, before = null) {
      return [...rows.values()]
        .filter((row) => row.tenant === tenant && (before === null || row.id < before))
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, limit)
    },
    async unstarted(olderThanMs, limit) {
      return [...rows.values()].filter((row) => !started.has(row.id) && due(row, olderThanMs)).slice(0, limit)
    },
    async markStarted(id) {
      started.add(id)
    },
    async known(ids) {
      return ids.filter((id) => rows.has(id))
    },
    async retry(id) {
      const { error: _error, ...row } = rowOf(id)
      if (row.state !== 'failed') throw new MediaError('MEDIA_NOT_FAILED')
      rows.set(id, row)
      started.delete(id)
      change(id, { state: 'processing', stage: 'received', version: row.version + 1 })
    },
    async unsettled() {
      return [...rows.values()].filter((row) => started.has(row.id) && !isFinal(row))
    },
    async unerased(olderThanMs, limit) {
      return [...rows.values()].filter((row) => row.state === 'erased' && row.stage !== 'done' && due(row, olderThanMs)).slice(0, limit)
    },
    async setStage(id, stage, progress) {
      const { progress: _past, ...row } = rowOf(id)
      if (isFinal(row)) return
      rows.set(id, row)
      change(id, { stage, ...(progress ? { progress } : {}) })
    },
    async publish(id, manifest, facts) {
      if (rowOf(id).state === 'erased') throw new MediaError('MEDIA_ERASED')
      factsById.set(id, facts)
      change(id, { manifest })
    },
    async amend(id, manifest, revision) {
      const row = rowOf(id)
      if (row.state !== 'ready' || (row.manifest?.captionChanges?.revision ?? 0) !== revision) return false
      change(id, { manifest })
      return true
    },
    async settle(id, outcome) {
      if (rowOf(id).state === 'erased' && outcome.state !== 'erased') throw new MediaError('MEDIA_ERASED')
      change(id, { state: outcome.state, stage: 'done', ...('error' in outcome ? { error: outcome.error } : {}) })
    },
    async beginErase(id) {
      const { manifest: _manifest, progress: _progress, ...row } = rowOf(id)
      if (row.state === 'erased') return
      factsById.delete(id)
      rows.set(id, row)
      change(id, { state: 'erased', stage: 'erase' })
    },
    async similar(id, limit) {
      return [...(copies.get(id) ?? [])].slice(0, limit)
    },
    async witnesses() {
      return []
    },
    async facts(id) {
      return factsById.get(id) ?? null
    },
    onSignal(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async ping() {},
    async forgetCheckpoints() {},
  }
}

export interface MemoryObjects extends Pick<ObjectStore, 'put' | 'get' | 'head' | 'delete' | 'list'> {
  readonly stored: Map<string, Uint8Array>
  /** Bodies that have been begun and are neither stored nor given up. */
  readonly open: () => number
}

export function createMemoryObjects(): MemoryObjects {
  const stored = new Map<string, Uint8Array>()
  let open = 0
  return {
    stored,
    open: () => open,
    async put(key, body, options) {
      if (options?.ifNoneMatch && stored.has(key)) throw new MediaError('OBJECT_EXISTS')
      open += 1
      try {
        const chunks: Uint8Array[] = []
        if (body instanceof Uint8Array) chunks.push(body)
        else for await (const chunk of body) chunks.push(chunk)
        const whole = Buffer.concat(chunks)
        stored.set(key, whole)
        return { bytes: whole.length }
      } finally {
        open -= 1
      }
    },
    async *list(prefix) {
      for (const [key, data] of [...stored].toSorted(([a], [b]) => (a < b ? -1 : 1)))
        if (key.startsWith(prefix)) yield { key, bytes: data.byteLength }
    },
    async get(key) {
      const data = stored.get(key)
      if (!data) throw new MediaError('OBJECT_NOT_FOUND')
      return {
        bytes: data.length,
        body: (async function* () {
          yield data
        })(),
      }
    },
    async head(key) {
      const data = stored.get(key)
      return data ? { bytes: data.length } : null
    },
    async delete(key) {
      stored.delete(key)
    },
  }
}

export interface RecordingStarter extends Starter {
  readonly started: MediaRow[]
  readonly erased: MediaRow[]
  readonly enhanced: MediaRow[]
  readonly recaptioned: MediaRow[]
}

/** A starter that keeps what it was asked for and, like the real one, marks what it started. */
export function createRecordingStarter(catalog: Pick<MediaStore, 'markStarted'>): RecordingStarter {
  const started: MediaRow[] = []
  const erased: MediaRow[] = []
  const enhanced: MediaRow[] = []
  const recaptioned: MediaRow[] = []
  return {
    started,
    erased,
    enhanced,
    recaptioned,
    async start(row) {
      started.push(row)
      await catalog.markStarted(row.id)
    },
    async erase(row) {
      erased.push(row)
    },
    async recaption(row) {
      recaptioned.push(row)
    },
    async enhance(row) {
      enhanced.push(row)
    },
    async ping() {},
  }
}

export interface TestApi extends AsyncDisposable {
  readonly base: string
  readonly port: number
  readonly catalog: MemoryCatalog
  readonly objects: MemoryObjects
  readonly starter: RecordingStarter
  /** Ids of workflows that run. */
  readonly running: Set<string>
  /** Log lines so far. */
  readonly lines: readonly string[]
  /** fetch of a path with tenant `acme`'s key. */
  call(path: string, init?: RequestInit): Promise<Response>
  close(): Promise<void>
}

export const testKey = 'dk_test-key-of-acme'
export const otherKey = 'dk_test-key-of-globex'
export const operatorKey = 'op_test-key-of-the-house'

/** An API in memory for tenants acme and globex. `limits` are merged over the house's own. */
export async function startTestApi(
  overrides: Partial<Omit<ApiOptions, 'limits'>> & { readonly limits?: Partial<Limits> } = {},
): Promise<TestApi> {
  const catalog = createMemoryCatalog()
  const objects = createMemoryObjects()
  const starter = createRecordingStarter(catalog)
  const lines: string[] = []
  const running = new Set<string>()
  const workflows: WorkflowWatch = { look: async (workflowId) => (running.has(workflowId) ? 'running' : 'unknown') }
  await catalog.addKey('acme', hashKey(testKey))
  await catalog.addKey('globex', hashKey(otherKey))
  const api = createApi({
    catalog,
    objects,
    starter,
    variants: { make: async () => {} },
    workflows,
    urls: {
      variantsUrl: (row) => `/a/${row.id}.0/`,
      variantSizes: ['800', '300x300'],
      aliasUrl: (row, name) => `/a/${row.id}.0/${name}`,
      fileUrl: (id, version, file) => `/m/${id}.${version}/${file.locator.volume}.${file.locator.alt}.${file.locator.cookie}/${file.name}`,
    },
    newId: createIdGenerator(1, Date.now),
    presets: ['standard', 'thumbnail'],
    filters: [
      { name: 'mono', title: 'Mono' },
      { name: 'sepia', title: 'Sepia II' },
    ],
    consoleAssets: new Map(),
    consoleConfig: { temporalUi: null, mediaOrigins: [] },
    operatorKeys: [hashKey(operatorKey)],
    logger: createJsonLogger((line) => lines.push(line)),
    ...overrides,
    limits: { ...limits, lingerMsMax: 500, closeMsMax: 500, ...overrides.limits },
  })
  const { port } = await api.listen('127.0.0.1', 0)
  const base = `http://127.0.0.1:${port}`
  return {
    base,
    port,
    catalog,
    objects,
    starter,
    running,
    lines,
    call: (path, init = {}) =>
      fetch(base + path, { ...init, headers: { authorization: `Bearer ${testKey}`, ...(init.headers as Record<string, string>) } }),
    close: api.close,
    [Symbol.asyncDispose]: api.close,
  }
}
