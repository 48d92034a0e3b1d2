import type { Readable } from 'node:stream'
import type { S3Client } from '@aws-sdk/client-s3'
import { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { MediaError } from '../../domain/errors.ts'
import type { ByteRange, ObjectStore } from '../../domain/ports.ts'
import { checkKey } from '../keys.ts'
import { bodyOf, fillFrom } from './body.ts'
import { composeObject } from './compose.ts'
import { s3Error } from './errors.ts'
import { PART_BYTES_MIN, type S3ObjectStoreOptions, s3Client } from './options.ts'
import { probe } from './probe.ts'
import { putBody } from './put.ts'

/** Signature version 4 reaches no further. */
const LOCATE_MS_MAX = 7 * 24 * 60 * 60_000

/**
 * Objects of one bucket of an S3 server. The first put finds out what the server takes (`probe`). Every
 * object says in its metadata which put wrote it: that is how a put whose answer was lost learns whether it
 * won. `close` ends the client's connections.
 */
export function createS3ObjectStore(options: S3ObjectStoreOptions): ObjectStore & { close(): void } {
  const partBytes = options.partBytes ?? 16 * 1024 ** 2
  if (partBytes < PART_BYTES_MIN) throw new Error(`partBytes must be at least ${PART_BYTES_MIN}`)
  const Bucket = options.bucket
  const clients = new Map<boolean, S3Client>()
  let writing: Promise<S3Client> | undefined

  function client(checksums: boolean): S3Client {
    const made = clients.get(checksums) ?? s3Client(options, checksums)
    clients.set(checksums, made)
    return made
  }

  async function writer(): Promise<S3Client> {
    writing ??= probe(client, Bucket).then(({ checksums }) => client(checksums))
    try {
      return await writing
    } catch (error) {
      writing = undefined
      throw error
    }
  }

  /** Runs requests about a key, their errors as codes. */
  async function about<T>(key: string, act: () => Promise<T>): Promise<T> {
    checkKey(key)
    return await act().catch((error: unknown) => {
      throw s3Error(error, key)
    })
  }

  async function get(Key: string, range: ByteRange | undefined) {
    checkRange(range, Key)
    const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }
    const { Body, ContentLength, ContentRange } = await client(false).send(new GetObjectCommand({ Bucket, Key, ...Range }))
    const source = Body as unknown as Readable
    // An empty object: some servers answer with it rather than with 416.
    if (range !== undefined && (ContentRange === undefined || ContentLength === 0)) {
      source.destroy()
      throw new MediaError('RANGE_NOT_SATISFIABLE', undefined, { facts: { key: Key } })
    }
    const bytes = ContentLength ?? 0
    return {
      bytes,
      body: bodyOf(source, bytes, Key),
      async fill(whole: Uint8Array) {
        if (whole.byteLength !== bytes) throw new Error(`room for ${whole.byteLength} of ${bytes} bytes`)
        await fillFrom(source, whole, Key)
      },
    }
  }

  async function* list(Prefix: string, after: string | undefined) {
    let token: string | undefined
    do {
      const page = {
        Bucket,
        Prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
        ...(after === undefined ? {} : { StartAfter: after }),
      }
      const answer = await client(false)
        .send(new ListObjectsV2Command(page))
        .catch((error: unknown) => {
          throw s3Error(error, Prefix)
        })
      for (const { Key, Size } of answer.Contents ?? []) if (Key !== undefined) yield { key: Key, bytes: Size ?? 0 }
      token = answer.IsTruncated ? answer.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  async function targetOf(key: string, given: { readonly ifNoneMatch?: boolean; readonly type?: string } = {}) {
    checkKey(key)
    const { ifNoneMatch = false, type = 'application/octet-stream' } = given
    return { client: await about(key, writer), bucket: Bucket, key, type, ifNoneMatch }
  }

  const store: ObjectStore & { close(): void } = {
    async put(key, body, given) {
      return { bytes: await putBody(await targetOf(key, given), body, partBytes) }
    },
    async compose(key, pieces, given) {
      for (const piece of pieces) {
        checkKey(piece.key)
        checkRange(piece, piece.key)
      }
      return { bytes: await composeObject(await targetOf(key, given), store, pieces, { partBytes, pace: given?.pace ?? (async () => {}) }) }
    },
    get: (key, range) => about(key, () => get(key, range)),
    async head(key) {
      try {
        const { ContentLength } = await about(key, () => client(false).send(new HeadObjectCommand({ Bucket, Key: key })))
        return { bytes: ContentLength ?? 0 }
      } catch (error) {
        if (error instanceof MediaError && error.code === 'OBJECT_NOT_FOUND') return null
        throw error
      }
    },
    async delete(key) {
      await about(key, () => client(false).send(new DeleteObjectCommand({ Bucket, Key: key }))).catch((error: unknown) => {
        if (!(error instanceof MediaError && error.code === 'OBJECT_NOT_FOUND')) throw error
      })
    },
    list,
    locate: (key, ttlMs) =>
      about(key, () => {
        const expiresIn = Math.ceil(Math.min(ttlMs, LOCATE_MS_MAX) / 1_000)
        return getSignedUrl(client(false), new GetObjectCommand({ Bucket, Key: key }), { expiresIn })
      }),
    close() {
      for (const each of clients.values()) each.destroy()
    },
  }
  return store
}

function checkRange(range: ByteRange | undefined, key: string): void {
  if (range === undefined) return
  const { start, end } = range
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new MediaError('RANGE_NOT_SATISFIABLE', undefined, { facts: { key, start, end } })
  }
}
