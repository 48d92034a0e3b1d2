import { join } from 'node:path'
import { Client, Connection } from '@temporalio/client'
import type { Logger } from '../api/logger.ts'
import { factsOfError } from '../api/logger.ts'
import { createCatalog } from '../catalog/catalog.ts'
import { aliasKey, formatAliasPath } from '../cdn/alias-path.ts'
import { contentKeysOf } from '../cdn/content-keys.ts'
import { formatProtectedPath } from '../cdn/protected-path.ts'
import { variantsPath } from '../cdn/variant-path.ts'
import { formatFilePath } from '../cdn/url.ts'
import type { MediaRow, StoredFile } from '../domain/media.ts'
import type { MediaId } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import type { ContentKeys } from '../domain/content-keys.ts'
import type { Catalog, ObjectStore } from '../domain/ports.ts'
import { createFileObjectStore } from '../objects/file.ts'
import { createS3ObjectStore } from '../objects/s3/store.ts'
import type { Config } from './config.ts'
import { createMetrics, type Metrics, startMetricsServer } from './metrics.ts'
import type { Parts } from './part.ts'

/** What all parts of a process share. */
export interface Core {
  readonly config: Config
  readonly logger: Logger
  readonly catalog: Catalog
  readonly objects: ObjectStore
  readonly metrics: Metrics
  fileUrl(id: MediaId, version: number, file: StoredFile): string
  aliasUrl(row: Pick<MediaRow, 'id' | 'sourceSha256'>, name: string): string
  variantsUrl(row: Pick<MediaRow, 'id' | 'sourceSha256'>): string
  readonly variantSizes: readonly string[]
  protectedUrl(id: MediaId, version: number, name: string): string | null
  readonly contentKeys: ContentKeys | null
}

/** Opens catalog and objects; they are closed with `parts`. CATALOG_UNAVAILABLE, STORAGE_UNAVAILABLE. */
export async function openCore(config: Config, logger: Logger, parts: Parts): Promise<Core> {
  const catalog = await createCatalog({
    databaseUrl: config.databaseUrl,
    poolMax: 12,
    onError: (error) => logger.warn('catalog', factsOfError(error)),
  })
  parts.add({ name: 'catalog', stop: async () => await catalog.close() })
  for (const { tenant, bytesMax } of config.quotas) await catalog.setQuota(tenant, bytesMax)
  const objects = openObjects(config, parts)
  const metrics = createMetrics()
  metrics.watchBacklog(catalog)
  if (config.metrics) {
    const { port } = parts.add(await startMetricsServer(metrics, config.metrics))
    logger.info('metrics', { host: config.metrics.host, port })
  }
  return {
    config,
    logger,
    catalog,
    objects,
    metrics,
    fileUrl: (id, version, file) => `${config.publicUrl}${formatFilePath({ id, version, locator: file.locator, name: file.name })}`,
    aliasUrl: (row, name) => `${config.publicUrl}${formatAliasPath({ id: row.id, key: aliasKey(row), name })}`,
    protectedUrl: (id, version, name) => {
      const until = Math.floor((Date.now() + limits.contentGrantMs) / 1000)
      const secret = config.contentSecret
      return secret === null ? null : `${config.publicUrl}${formatProtectedPath(secret, { id, version, until, name })}`
    },
    contentKeys: config.contentSecret === null ? null : contentKeysOf(config.contentSecret),
    variantSizes: config.variants.sizes,
    variantsUrl: (row) => `${config.publicUrl}${variantsPath({ id: row.id, key: aliasKey(row) })}`,
  }
}

function openObjects(config: Config, parts: Parts): ObjectStore {
  if (!config.s3) return createFileObjectStore({ folder: join(config.home, 'objects') })
  const store = createS3ObjectStore(config.s3)
  parts.add({ name: 'objects', stop: async () => store.close() })
  return store
}

/** A client that connects when it is first used: files are served whether or not Temporal answers. */
export function lazyTemporal({ config }: Core, parts: Parts): Client {
  const connection = Connection.lazy({ address: config.temporal.address })
  parts.add({ name: 'temporal client', stop: async () => await connection.close() })
  return new Client({ connection, namespace: config.temporal.namespace })
}

/** A client of Temporal; throws when the server does not answer. */
export async function openTemporal({ config }: Core, parts: Parts): Promise<Client> {
  const connection = await Connection.connect({ address: config.temporal.address })
  parts.add({ name: 'temporal client', stop: async () => await connection.close() })
  return new Client({ connection, namespace: config.temporal.namespace })
}
