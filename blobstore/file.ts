import { mkdir } from 'node:fs/promises'
import type { BlobStore, PlacementLog } from '../domain/ports.ts'
import type { VolumeDirectory, VolumeHost } from '../domain/volume-ports.ts'
import { type BlobLimits, blobLimits } from './blob-limits.ts'
import type { Disk } from './disk.ts'
import { createFileBackend } from './file-backend.ts'
import { createFolderDirectory } from './folder-directory.ts'
import { type BlobReader, createPackedReader } from './reader.ts'
import { systemClock } from './refresher.ts'
import { createPackedStore } from './store.ts'
import { createSystemDisk } from './system-disk.ts'
import type { Report } from './volume-log.ts'

export interface FileBlobStoreOptions {
  /** Of the volumes; made where there is none. On a local file system. */
  readonly folder: string
  /** Name under which this process holds its volumes; no two running processes share one. */
  readonly writer: string
  /** Without one, the folder keeps its own. */
  readonly directory?: VolumeDirectory
  /** Without one, nothing is logged: only the caller then knows where an item's needles are. */
  readonly placements?: PlacementLog
  readonly limits?: Partial<BlobLimits>
  /** Reads go past the page cache: for volumes much larger than memory. Default false. */
  readonly directReads?: boolean
  readonly report?: Report
  /** In place of the machine's disk. */
  readonly disk?: Disk
}

/** A blob store in a folder of one machine. Recovers what this writer held open before it answers. */
export async function createFileBlobStore(options: FileBlobStoreOptions): Promise<BlobStore & VolumeHost> {
  const { folder, report = () => {} } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const limits = blobLimits(options.limits)
  const disk = options.disk ?? createSystemDisk({ directReads: options.directReads ?? false })
  return createPackedStore({
    backend: createFileBackend({ disk, folder, limits, report }),
    directory: options.directory ?? (await createFolderDirectory({ folder })),
    placements: options.placements ?? { place: async () => {} },
    writer: options.writer,
    limits,
    clock: systemClock,
    report,
  })
}

/** Reads, and deletes in, a folder whose needles other processes of the machine write. */
export function createFileBlobReader(options: {
  readonly folder: string
  readonly limits?: Partial<BlobLimits>
  readonly directReads?: boolean
  readonly report?: Report
  /** In place of the machine's disk. */
  readonly disk?: Disk
}): BlobReader {
  const { folder, report = () => {} } = options
  const limits = blobLimits(options.limits)
  const disk = options.disk ?? createSystemDisk({ directReads: options.directReads ?? false })
  return createPackedReader({ backend: createFileBackend({ disk, folder, limits, report }), limits, clock: systemClock })
}
