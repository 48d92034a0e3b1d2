import { join } from 'node:path'
import { factsOfError } from '../api/logger.ts'
import { blobLimits } from '../blobstore/blob-limits.ts'
import { createFileBlobReader, createFileBlobStore } from '../blobstore/file.ts'
import { createFileBackend } from '../blobstore/file-backend.ts'
import { createFileCare } from '../blobstore/file-care.ts'
import { createObjectBlobReader, createObjectBlobStore } from '../blobstore/object.ts'
import { createObjectBackend } from '../blobstore/object-backend.ts'
import { createObjectCare } from '../blobstore/object-care.ts'
import type { BlobReader } from '../blobstore/reader.ts'
import { systemClock } from '../blobstore/refresher.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import type { Report } from '../blobstore/volume-log.ts'
import type { BlobStore } from '../domain/ports.ts'
import type { VolumeCare, VolumeHost } from '../domain/volume-ports.ts'
import type { Core } from './core.ts'
import type { Parts } from './part.ts'

const reportTo =
  ({ logger }: Core): Report =>
  (report) => {
    const { kind, ...facts } = report
    const { error, ...plain } = 'error' in facts ? facts : { ...facts, error: undefined }
    logger.warn(`volume: ${kind}`, { ...plain, ...(error === undefined ? {} : factsOfError(error)) })
  }

/** The blob store this process writes to: volumes in S3 where there is one, else files below home. */
export async function openBlobStore(core: Core, parts: Parts): Promise<BlobStore & VolumeHost> {
  const { config, catalog } = core
  const common = { directory: catalog, placements: catalog, writer: config.writer, report: reportTo(core) }
  const store = config.s3
    ? await createObjectBlobStore({ ...common, objects: core.objects })
    : await createFileBlobStore({ ...common, folder: join(config.home, 'volumes'), directReads: config.volumeReads === 'direct' })
  parts.add({ name: 'blob store', stop: async () => await store.close() })
  return store
}

/** Reads, and deletes in, what other processes write. */
export function openBlobReader(core: Core, parts: Parts): BlobReader {
  const report = reportTo(core)
  const reader = core.config.s3
    ? createObjectBlobReader({ objects: core.objects, report })
    : createFileBlobReader({ folder: join(core.config.home, 'volumes'), directReads: core.config.volumeReads === 'direct', report })
  parts.add({ name: 'blob reader', stop: async () => await reader.close() })
  return reader
}

/** Looks after sealed volumes: scrubs, compacts, merges, collects what no longer counts. */
export function openVolumeCare(core: Core, parts: Parts): VolumeCare {
  const { config, catalog, objects } = core
  const common = { directory: catalog, name: `care/${config.writer}`, clock: systemClock, report: reportTo(core) }
  if (config.s3) return createObjectCare({ ...common, objects, backend: createObjectBackend({ objects, report: common.report }) })
  const disk = createSystemDisk({ directReads: false })
  const folder = join(config.home, 'volumes')
  parts.add({ name: 'volume care', stop: async () => await disk.close() })
  const backend = createFileBackend({ disk, folder, limits: blobLimits(), report: common.report })
  return createFileCare({ ...common, disk, folder, backend, copies: config.volumeCopies })
}
