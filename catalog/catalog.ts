import { limits } from '../domain/limits.ts'
import type { Catalog } from '../domain/ports.ts'
import { createBacklog } from './backlog.ts'
import { createCheckpoints } from './checkpoints.ts'
import { connectionConfig, openDatabase, type DatabaseOptions } from './database.ts'
import { createErasures } from './erasures.ts'
import { createFingerprints } from './fingerprints.ts'
import { createMedia } from './media.ts'
import { migrate, readMigrations } from './migrate.ts'
import { createOutbox } from './outbox.ts'
import { createPlacements } from './placements.ts'
import { createReplaced } from './replaced.ts'
import { createSettle } from './settle.ts'
import { openSignals } from './signals.ts'
import { createSpace } from './space.ts'
import { createTenants } from './tenants.ts'
import { createVariants } from './variants.ts'
import { createVolumeBooks } from './volume-books.ts'
import { createVolumeScrubs } from './volume-scrubs.ts'
import { createVolumes } from './volumes.ts'

export interface CatalogOptions {
  /** postgres://user:password@host:port/database */
  readonly databaseUrl: string
  /** Connections besides the one that listens. */
  readonly poolMax: number
  /** Told of what breaks while nobody waits for it: an idle connection, the listener (which reconnects). */
  readonly onError: (error: unknown) => void
  readonly statementMsMax?: number
  readonly connectMsMax?: number
}

/**
 * The catalog on PostgreSQL, migrated to this release. Several processes may start at once.
 * CATALOG_UNAVAILABLE, CATALOG_CHANGED, STORAGE_FULL.
 */
export async function createCatalog(options: CatalogOptions): Promise<Catalog> {
  const settings: DatabaseOptions = {
    statementMsMax: limits.catalogStatementMsMax,
    connectMsMax: limits.catalogConnectMsMax,
    ...options,
  }
  await migrateFirst(settings)
  const signals = await openSignals({
    config: connectionConfig(settings),
    onError: settings.onError,
    heartbeatMs: limits.catalogHeartbeatMs,
    retryMsMin: 100,
    retryMsMax: limits.catalogConnectMsMax,
  })
  const database = openDatabase(settings)
  let closing: Promise<void> | null = null
  return {
    ...createTenants(database),
    ...createSpace(database),
    ...createMedia(database),
    ...createBacklog(database),
    ...createSettle(database),
    ...createErasures(database),
    ...createFingerprints(database),
    ...createPlacements(database),
    ...createCheckpoints(database),
    ...createVariants(database),
    ...createReplaced(database),
    ...createOutbox(database),
    ...createVolumes(database),
    ...createVolumeBooks(database),
    ...createVolumeScrubs(database),
    onSignal: signals.subscribe,
    async ping() {
      await database.rows('select 1')
    },
    close() {
      closing ??= Promise.all([signals.close(), database.close()]).then(() => {})
      return closing
    },
  }
}

async function migrateFirst(settings: DatabaseOptions): Promise<void> {
  const migrations = await readMigrations(new URL('migrations/', import.meta.url))
  const database = openDatabase({ ...settings, poolMax: 1, statementMsMax: limits.catalogMigrateMsMax })
  try {
    await migrate(database, migrations)
  } finally {
    await database.close()
  }
}
