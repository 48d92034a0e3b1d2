import * as nodeFiles from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { errnoOf, fileError } from './file-errors.ts'
import { listFolder } from './file-list.ts'
import { checkKey } from './keys.ts'
import { pathOf } from './paths.ts'
import { bytesOfPieces } from './pieces.ts'
import { type Span, spanOf } from './range.ts'
import { stagingName, sweepStaging } from './staging.ts'

export interface FileObjectStoreOptions {
  /** Made when missing; readable by its owner only. Needs hard links (every usual local file system has them). */
  readonly folder: string
  /** Size of one read, in bytes. */
  readonly chunkBytes?: number
  /** The file system; replaced by tests that make it fail. */
  readonly files?: typeof nodeFiles
}

/**
 * Objects as files of one folder. A put writes a file in `staging`, fsyncs it, and only then gives it its
 * name in `objects`: by rename, or by link when the key must be free, of which the kernel lets exactly one
 * succeed. The folders it touched are fsynced before it returns. What a killed process left in staging is
 * removed before the first operation.
 */
export function createFileObjectStore(options: FileObjectStoreOptions): ObjectStore {
  const files = options.files ?? nodeFiles
  const chunkBytes = options.chunkBytes ?? 256 * 1024
  const folder = join(options.folder, 'objects')
  const staging = join(options.folder, 'staging')
  let prepared: Promise<void> | undefined

  async function prepare(): Promise<void> {
    await makeFolder(folder)
    await makeFolder(staging)
    await sweepStaging(staging, files, Date.now())
  }

  /** Runs one operation in a prepared folder, with errors of the file system as codes. */
  async function at<T>(key: string, act: (path: string) => Promise<T>): Promise<T> {
    checkKey(key)
    try {
      prepared ??= prepare()
      await prepared
    } catch (error) {
      prepared = undefined
      throw fileError(error, key)
    }
    return guard(key, () => act(pathOf(folder, key)))
  }

  async function syncFolder(path: string): Promise<void> {
    const handle = await files.open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  /** A folder is durable once the folder that names it is synced: so up to the one that was there before. */
  async function makeFolder(path: string): Promise<void> {
    const first = await files.mkdir(path, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    const above = dirname(first)
    for (let each = dirname(path); ; each = dirname(each)) {
      await syncFolder(each)
      if (each === above || each === dirname(each)) return
    }
  }

  async function put(key: string, path: string, body: Uint8Array | AsyncIterable<Uint8Array>, ifNoneMatch: boolean): Promise<number> {
    if (ifNoneMatch && (await sizeOf(path)) !== null) throw exists(key)
    const temporary = join(staging, stagingName())
    const handle = await files.open(temporary, 'wx', 0o600)
    try {
      const bytes = await writeAll(key, handle, body)
      await handle.sync()
      await makeFolder(dirname(path))
      if (ifNoneMatch) await linkNew(key, temporary, path)
      else await files.rename(temporary, path)
      await syncFolder(dirname(path))
      return bytes
    } finally {
      await handle.close()
      await files.rm(temporary, { force: true })
    }
  }

  async function linkNew(key: string, temporary: string, path: string): Promise<void> {
    try {
      await files.link(temporary, path)
    } catch (error) {
      throw errnoOf(error) === 'EEXIST' ? exists(key) : error
    }
  }

  async function sizeOf(path: string): Promise<number | null> {
    try {
      return (await files.stat(path)).size
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return null
      throw error
    }
  }

  /** The pieces of a body, each read into what `room` gives for it. Opened by the first read, so that a body nobody reads holds no descriptor. */
  async function* read(
    key: string,
    path: string,
    inode: number,
    span: Span,
    room: (position: number) => Uint8Array,
  ): AsyncGenerator<Uint8Array> {
    const handle = await guard(key, () => files.open(path, 'r'))
    try {
      // Replaced since it was asked for: the bytes and the length given then would not belong together.
      const { ino } = await guard(key, () => handle.stat())
      if (ino !== inode) throw new MediaError('STORAGE_UNAVAILABLE', 'The object was replaced while it was read.', { facts: { key } })
      let position = span.start
      while (position < span.end) {
        const buffer = room(position)
        const { bytesRead } = await guard(key, () => handle.read(buffer, 0, buffer.byteLength, position))
        if (bytesRead === 0) throw new MediaError('STORAGE_UNAVAILABLE', 'The object is shorter than it was.', { facts: { key } })
        position += bytesRead
        yield buffer.subarray(0, bytesRead)
      }
    } finally {
      await handle.close()
    }
  }

  const store: ObjectStore = {
    put: (key, body, given) => at(key, async (path) => ({ bytes: await put(key, path, body, given?.ifNoneMatch ?? false) })),
    compose: (key, pieces, given) => store.put(key, bytesOfPieces(store, pieces, given?.pace), given),
    get: (key, range) =>
      at(key, async (path) => {
        const { size, ino } = await files.stat(path)
        const span = spanOf(range, size)
        const bytes = span.end - span.start
        return {
          bytes,
          body: read(key, path, ino, span, (position) => Buffer.allocUnsafe(Math.min(chunkBytes, span.end - position))),
          async fill(whole) {
            if (whole.byteLength !== bytes) throw new Error(`room for ${whole.byteLength} of ${bytes} bytes`)
            const pieces = read(key, path, ino, span, (position) => whole.subarray(position - span.start))
            for await (const _ of pieces);
          },
        }
      }),
    head: (key) =>
      at(key, async (path) => {
        const bytes = await sizeOf(path)
        return bytes === null ? null : { bytes }
      }),
    delete: (key) =>
      at(key, async (path) => {
        if ((await sizeOf(path)) === null) return
        await files.rm(path, { force: true })
        await syncFolder(dirname(path))
      }),
    list: (prefix, after) => listFolder(files, folder, prefix, after),
    locate: (key) =>
      at(key, async (path) => {
        await files.stat(path)
        return path
      }),
  }
  return store
}

/** Thrown by the body and not by us: passed on as it is. */
class BodyError extends Error {}

async function guard<T>(key: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof BodyError) throw error.cause
    throw fileError(error, key)
  }
}

async function writeAll(key: string, handle: FileHandle, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of body instanceof Uint8Array ? [body] : marked(body)) {
    for (let offset = 0; offset < chunk.byteLength; ) {
      const { bytesWritten } = await handle.write(chunk, offset, chunk.byteLength - offset, bytes + offset)
      if (bytesWritten === 0) throw new MediaError('STORAGE_UNAVAILABLE', 'The file system takes no bytes.', { facts: { key } })
      offset += bytesWritten
    }
    bytes += chunk.byteLength
  }
  return bytes
}

async function* marked(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  let done = false
  try {
    while (true) {
      const next = await iterator.next().catch((cause: unknown) => {
        done = true
        throw new BodyError('body', { cause })
      })
      if (next.done) {
        done = true
        return
      }
      yield next.value
    }
  } finally {
    if (!done) await iterator.return?.()
  }
}

function exists(key: string): MediaError {
  return new MediaError('OBJECT_EXISTS', undefined, { facts: { key } })
}
