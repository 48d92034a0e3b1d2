import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobLimits } from '../../blobstore/blob-limits.ts'
import { createFileBlobReader, createFileBlobStore } from '../../blobstore/file.ts'
import { createMemoryBlobStore } from '../../blobstore/memory.ts'
import { memoryVolumes } from '../../blobstore/memory-backend.ts'
import { type MemoryDirectory, memoryDirectory } from '../../blobstore/memory-directory.ts'
import { createObjectBlobReader, createObjectBlobStore } from '../../blobstore/object.ts'
import type { BlobReader } from '../../blobstore/reader.ts'
import type { BlobReport } from '../../blobstore/volume-log.ts'
import type { BlobStore, ObjectStore } from '../../domain/ports.ts'
import type { VolumeHost } from '../../domain/volume-ports.ts'

/** One storage, and the processes that come and go over it. */
export interface BlobHarness {
  readonly directory: MemoryDirectory
  readonly reports: BlobReport[]
  /** A writing process. A second one of the same writer stands for a restart after an abrupt stop. */
  open(options?: { readonly writer?: string; readonly limits?: Partial<BlobLimits> }): Promise<BlobStore>
  /** A process that only reads and deletes. */
  reader(limits?: Partial<BlobLimits>): Promise<Omit<BlobReader, keyof VolumeHost>>
  /** Everything stored, by name. */
  files(): Promise<Map<string, Uint8Array>>
  /** Puts other bytes in place of a stored file. */
  replace(name: string, bytes: Uint8Array): Promise<void>
  dispose(): Promise<void>
}

const small = { extentBytes: 64 * 1024, volumeRefreshMsMin: 0, tombstoneAgeMsMax: 0 }

export async function memoryHarness(): Promise<BlobHarness> {
  const directory = memoryDirectory()
  const volumes = memoryVolumes()
  const reports: BlobReport[] = []
  const open: BlobHarness['open'] = ({ writer = 'w', limits } = {}) =>
    createMemoryBlobStore({
      directory,
      placements: directory,
      volumes,
      writer,
      limits: { ...small, ...limits },
      report: (report) => reports.push(report),
    })
  return {
    directory,
    reports,
    open,
    reader: (limits) => open({ writer: 'reader', ...(limits === undefined ? {} : { limits }) }),
    files: async () => new Map([...volumes.logs].map(([volume, bytes]) => [`${volume}.volume`, bytes.slice()])),
    async replace(name, bytes) {
      volumes.logs.set(Number.parseInt(name, 10), bytes)
    },
    async dispose() {},
  }
}

export async function fileHarness(): Promise<BlobHarness> {
  const directory = memoryDirectory()
  const reports: BlobReport[] = []
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-blobs-'))
  const opened: { close(): Promise<void> }[] = []
  const report = (one: BlobReport) => void reports.push(one)
  return {
    directory,
    reports,
    async open({ writer = 'w', limits } = {}) {
      const store = await createFileBlobStore({ folder, directory, placements: directory, writer, limits: { ...small, ...limits }, report })
      opened.push(store)
      return store
    },
    async reader(limits) {
      const reader = createFileBlobReader({ folder, limits: { ...small, ...limits }, report })
      opened.push(reader)
      return reader
    },
    async files() {
      const names = (await readdir(folder)).toSorted()
      return new Map(await Promise.all(names.map(async (name) => [name, new Uint8Array(await readFile(join(folder, name)))] as const)))
    },
    replace: (name, bytes) => writeFile(join(folder, name), bytes),
    async dispose() {
      await Promise.allSettled(opened.map((one) => one.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Over any object store. `prefixes` of what the blob store makes there: `volumes/` and `tombstones/`. */
export async function objectHarness(objects: ObjectStore): Promise<BlobHarness> {
  const directory = memoryDirectory()
  const reports: BlobReport[] = []
  const report = (one: BlobReport) => void reports.push(one)
  async function keys(): Promise<string[]> {
    const found: string[] = []
    for (const prefix of ['volumes/', 'tombstones/']) for await (const { key } of objects.list(prefix)) found.push(key)
    return found
  }
  async function bytesOf(key: string): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of (await objects.get(key)).body) chunks.push(chunk)
    return new Uint8Array(Buffer.concat(chunks))
  }
  return {
    directory,
    reports,
    open: ({ writer = 'w', limits } = {}) =>
      createObjectBlobStore({ objects, directory, placements: directory, writer, limits: { ...small, ...limits }, report }),
    reader: async (limits) => createObjectBlobReader({ objects, limits: { ...small, ...limits }, report }),
    files: async () => new Map(await Promise.all((await keys()).map(async (key) => [key, await bytesOf(key)] as const))),
    async replace(name, bytes) {
      await objects.put(name, bytes)
    },
    async dispose() {
      for (const key of await keys()) await objects.delete(key)
    },
  }
}
