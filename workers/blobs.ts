import { join } from 'node:path'
import { factsOfError } from '../api/logger.ts'
import { blobLimits } from '../blobstore/blob-limits.ts'
import type { Disk } from '../blobstore/disk.ts'
import { createFileBlobReader, createFileBlobStore } from '../blobstore/file.ts'
import { createFileBackend } from '../blobstore/file-backend.ts'
import { createFileCare } from '../blobstore/file-care.ts'
import { createObjectBlobReader, createObjectBlobStore } from '../blobstore/object.ts'
import { createObjectBackend } from '../blobstore/object-backend.ts'
import { createObjectCare } from '../blobstore/object-care.ts'
import type { BlobReader } from '../blobstore/reader.ts'
import { systemClock } from '../blobstore/refresher.ts'
import { createSpreadDisk } from '../blobstore/spread-disk.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import { openVolumeFolders } from '../blobstore/volume-folders.ts'
import type { Report } from '../blobstore/volume-log.ts'
import { limits } from '../domain/limits.ts'
import type { BlobStore } from '../domain/ports.ts'
import type { VolumeCare, VolumeHost } from '../domain/volume-ports.ts'
import type { Core } from './core.ts'
import type { Parts } from './part.ts'
import { SettingError } from './settings.ts'

const reportTo =
  ({ logger }: Core): Report =>
  (report) => {
    const { kind, ...facts } = report
    const { error, ...plain } = 'error' in facts ? facts : { ...facts, error: undefined }
    logger.warn(`volume: ${kind}`, { ...plain, ...(error === undefined ? {} : factsOfError(error)) })
  }

/** Where volume files lie: a folder below home, or several, each on a disk of its own. */
function openVolumeDisk({ config, logger }: Core, directReads: boolean): { readonly disk: Disk; readonly folder: string } {
  const disk = createSystemDisk({ directReads })
  const folder = join(config.home, 'volumes')
  if (config.volumeFolders.length === 0) return { disk, folder }
  const { folders, missing, leftOut } = openVolumeFolders(config.volumeFolders)
  if (folders.length === 0) throw new SettingError('VOLUME_FOLDERS: none of the folders is there.')
  if (missing.length > 0 || leftOut.length > 0)
    logger.error('volumes: folders are missing', { missing: missing.join(), leftOut: leftOut.join() })
  const { folderFreeBytesMin: freeBytesMin, folderRestMs: restMs } = limits
  const { nowMs } = systemClock
  return { disk: createSpreadDisk({ disk, folders, missing, freeBytesMin, restMs, nowMs }), folder }
}

/** The blob store this process writes to: volumes in S3 where there is one, else files below home. */
export async function openBlobStore(core: Core, parts: Parts): Promise<BlobStore & VolumeHost> {
  const { config, catalog } = core
  const common = { directory: catalog, placements: catalog, writer: config.writer, report: reportTo(core) }
  const store = config.s3
    ? await createObjectBlobStore({ ...common, objects: core.objects })
    : await createFileBlobStore({ ...common, ...openVolumeDisk(core, config.volumeReads === 'direct') })
  parts.add({ name: 'blob store', stop: async () => await store.close() })
  return store
}

/** Reads, and deletes in, what other processes write. */
export function openBlobReader(core: Core, parts: Parts): BlobReader {
  const report = reportTo(core)
  const reader = core.config.s3
    ? createObjectBlobReader({ objects: core.objects, report })
    : createFileBlobReader({ ...openVolumeDisk(core, core.config.volumeReads === 'direct'), report })
  parts.add({ name: 'blob reader', stop: async () => await reader.close() })
  return reader
}

/** Looks after sealed volumes: scrubs, compacts, merges, collects what no longer counts. */
export function openVolumeCare(core: Core, parts: Parts): VolumeCare {
  const { config, catalog, objects } = core
  const common = { directory: catalog, name: `care/${config.writer}`, clock: systemClock, report: reportTo(core) }
  if (config.s3) return createObjectCare({ ...common, objects, backend: createObjectBackend({ objects, report: common.report }) })
  const { disk, folder } = openVolumeDisk(core, false)
  // Copies lie where they lie, however many folders the volumes themselves are spread over.
  const copyDisk = createSystemDisk({ directReads: false })
  parts.add({ name: 'volume care', stop: async () => void (await Promise.all([disk.close(), copyDisk.close()])) })
  const backend = createFileBackend({ disk, folder, limits: blobLimits(), report: common.report })
  return createFileCare({ ...common, disk, folder, backend, copies: { disk: copyDisk, folders: config.volumeCopies } })
}
