import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import pg from 'pg'
import { createCatalog, type CatalogOptions } from '../../catalog/catalog.ts'
import type { RefusedData, ReadyData } from '../../domain/events.ts'
import { createIdGenerator, type MediaId } from '../../domain/ids.ts'
import { appearanceIn, type Manifest } from '../../domain/media.ts'
import type { Catalog, NewMedia } from '../../domain/ports.ts'
import { pickPorts } from '../../infra/engines/ports.ts'
import { startPostgres, type PostgresServer } from '../../infra/engines/postgres.ts'
import { openSupervisor } from '../../infra/engines/supervisor.ts'
import { parseTools, type ToolName } from '../../infra/engines/tools.ts'

const tools = parseTools(process.env.DARKROOM_TOOLS)

/** Why tests that need these tools do not run, or false. Where everything is required they run, and fail. */
export function withoutTools(...names: ToolName[]): string | false {
  const absent = names.filter((name) => tools[name] === undefined)
  if (absent.length === 0 || process.env.DARKROOM_REQUIRE_ALL === '1') return false
  process.stderr.write(`NOT TESTED: ${absent.join(', ')} not found in DARKROOM_TOOLS\n`)
  return `${absent.join(', ')} not found`
}

export interface TestServer {
  /** A fresh database's URL. */
  database(): Promise<string>
  /** A catalog on a fresh database, or on the one named. */
  catalog(options?: Partial<CatalogOptions>): Promise<Catalog>
  /** One statement on a database, past the catalog. */
  sql(url: string, text: string): Promise<Record<string, unknown>[]>
  /** Kills the server as a power cut would, and starts it again on the same data. */
  restart(): Promise<void>
  kill(): void
  /** Closes every catalog that was opened here. */
  closeCatalogs(): Promise<void>
  stop(): Promise<void>
}

/** A PostgreSQL server of its own in a temporary folder. */
export async function startServer(): Promise<TestServer> {
  const home = await mkdtemp(join(tmpdir(), 'darkroom-catalog-'))
  const supervisor = await openSupervisor({ home })
  const { postgres: port } = await pickPorts(0, ['postgres'])
  const start = () => startPostgres({ supervisor, tools, port })
  const open: Catalog[] = []
  let databases = 0
  let server: PostgresServer
  try {
    server = await start()
  } catch (error) {
    await supervisor.stop()
    await rm(home, { recursive: true, force: true })
    throw error
  }

  const sql = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }
  const closeCatalogs = async () => {
    await Promise.all(open.splice(0).map((catalog) => catalog.close()))
  }
  const database = async () => {
    databases += 1
    await sql(server.adminUrl, `create database test${databases} owner darkroom`)
    const url = new URL(server.url)
    url.pathname = `/test${databases}`
    return url.href
  }
  return {
    sql,
    database,
    async catalog(options = {}) {
      const databaseUrl = options.databaseUrl ?? (await database())
      const catalog = await createCatalog({
        poolMax: 8,
        onError: (error) => {
          throw error
        },
        ...options,
        databaseUrl,
      })
      open.push(catalog)
      return catalog
    },
    kill: () => void process.kill(server.engine.pid, 'SIGKILL'),
    async restart() {
      await server.engine.exited
      server = await start()
    },
    closeCatalogs,
    async stop() {
      await closeCatalogs()
      await supervisor.stop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** For a suite of tests: a server of its own, gone after the last of them, and a catalog on it. */
export async function servedCatalog(): Promise<{ readonly server: TestServer; readonly catalog: Catalog }> {
  const server = await startServer()
  after(() => server.stop())
  return { server, catalog: await server.catalog() }
}

export const newId = createIdGenerator(7, Date.now)
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

export function someMedia(overrides: Partial<NewMedia> = {}): NewMedia {
  const id = overrides.id ?? newId()
  return {
    id,
    tenant: 'acme',
    kind: 'image',
    preset: 'standard',
    filter: 'clarendon',
    edits: { strength: 60, warmth: -20 },
    sourceType: 'image/jpeg',
    sourceBytes: 3_000_000_000,
    sourceSha256: sha256(id),
    ...overrides,
  }
}

export const manifest: Manifest = {
  kind: 'image',
  version: 1,
  width: 1440,
  height: 1080,
  blurhash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj',
  thumbhash: '1QcSHQRnh493V4dIh4eXh1h4kJUI',
  palette: [{ colour: '#2f4a6b', share: 0.62 }],
  focus: { x: 0.41, y: 0.36 },
  renditions: [
    {
      name: 'w1440.jpg',
      type: 'image/jpeg',
      bytes: 1000,
      width: 1440,
      height: 1080,
      locator: { volume: 3, alt: 0x100_0000, cookie: '0123456789abcdef' },
    },
  ],
  parts: [],
}

export function ready(id: MediaId, version = 1): { readonly state: 'ready'; readonly event: ReadyData } {
  const { kind, width, height, blurhash } = manifest
  return {
    state: 'ready',
    event: { id, tenant: 'acme', kind, version, width, height, blurhash, ...appearanceIn(manifest), renditions: [] },
  }
}

export function refused(id: MediaId, state: 'rejected' | 'failed' = 'rejected') {
  const error = { code: 'MEDIA_CORRUPT', title: 'The file is damaged or incomplete.' } as const
  const event: RefusedData = { id, tenant: 'acme', kind: 'image', error }
  return { state, error, event }
}

export function erased(id: MediaId) {
  return { state: 'erased', event: { id, tenant: 'acme', verifiedAt: '2026-01-02T03:04:05.678Z' } } as const
}
