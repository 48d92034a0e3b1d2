import { randomUUID } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { MediaError } from '../../domain/errors.ts'
import { isPlainRefusal, s3Error } from './errors.ts'
import { PARTS_MAX } from './options.ts'
import { partsOf } from './parts.ts'

export interface Target {
  readonly client: S3Client
  readonly bucket: string
  readonly key: string
  readonly type: string
  readonly ifNoneMatch: boolean
}

/**
 * Stores a body: one PUT when it fits into a part, else a multipart upload, which is aborted when anything
 * goes wrong. Errors of the body are passed on as they are. Gives the bytes stored.
 */
export async function putBody(target: Target, body: Uint8Array | AsyncIterable<Uint8Array>, partBytes: number): Promise<number> {
  // A pack is one of these: cut and joined it would be copied twice, for megabytes that the collector comes for late.
  if (body instanceof Uint8Array && body.byteLength <= partBytes) return await putWhole(target, body)
  const parts = partsOf(body instanceof Uint8Array ? oneChunk(body) : body, partBytes)
  try {
    const first = await take(parts)
    const second = await take(parts)
    if (second === null) return await putWhole(target, first ?? new Uint8Array())
    return await putParts(target, first ?? new Uint8Array(), second, parts)
  } finally {
    await parts.return(undefined)
  }
}

async function* oneChunk(body: Uint8Array): AsyncGenerator<Uint8Array> {
  yield body
}

async function take(parts: AsyncGenerator<Uint8Array>): Promise<Uint8Array | null> {
  const next = await parts.next()
  return next.done ? null : next.value
}

async function putWhole(target: Target, data: Uint8Array): Promise<number> {
  const { client, bucket, key, type } = target
  const writer = randomUUID()
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: data,
    ContentType: type,
    Metadata: { writer },
    ...condition(target),
  })
  await decided(target, writer, () => client.send(command))
  return data.byteLength
}

async function putParts(target: Target, first: Uint8Array, second: Uint8Array, rest: AsyncGenerator<Uint8Array>): Promise<number> {
  const { client, bucket, key, type } = target
  const writer = randomUUID()
  const created = await sent(
    key,
    client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: type, Metadata: { writer } })),
  )
  const UploadId = created.UploadId ?? ''
  const done: Promise<CompletedPart>[] = []
  let bytes = 0

  async function upload(data: Uint8Array, PartNumber: number): Promise<CompletedPart> {
    const command = new UploadPartCommand({ Bucket: bucket, Key: key, UploadId, PartNumber, Body: data })
    // Its checksum is checked on arrival; versitygw refuses to be told it again at the end.
    const { ETag } = await sent(key, client.send(command))
    return { PartNumber, ETag }
  }

  try {
    for (let data: Uint8Array | null = first; data !== null; data = done.length === 1 ? second : await take(rest)) {
      if (done.length >= PARTS_MAX)
        throw new MediaError('STORAGE_FULL', `The object would have more than ${PARTS_MAX} parts.`, { facts: { key } })
      // One part under way while the next is gathered: never more than two in memory.
      await done.at(-1)
      const under = upload(data, done.length + 1)
      // Awaited below or in the next round; until then a failure is not an unhandled one.
      under.catch(() => {})
      done.push(under)
      bytes += data.byteLength
    }
    const MultipartUpload = { Parts: await Promise.all(done) }
    const command = new CompleteMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId, MultipartUpload, ...condition(target) })
    await decided(target, writer, () => client.send(command))
    return bytes
  } catch (error) {
    await Promise.allSettled(done)
    await abort(target, UploadId)
    throw error
  }
}

/** What cannot be aborted now is aborted by age later; the error that led here matters more. */
export async function abort({ client, bucket, key }: Target, UploadId: string): Promise<void> {
  await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId })).catch(() => undefined)
}

export function condition({ ifNoneMatch }: Target): { IfNoneMatch?: string } {
  return ifNoneMatch ? { IfNoneMatch: '*' } : {}
}

export async function sent<T>(key: string, answer: Promise<T>): Promise<T> {
  return await answer.catch((error: unknown) => {
    throw s3Error(error, key)
  })
}

/**
 * Sends the request that gives an object its name, and says whether it did. An error does not: the answer
 * may have been lost, so that the client's second try is refused on account of its first; and versitygw
 * cuts the connection where it refuses a large body. So the object is asked whose it is.
 */
export async function decided(target: Target, writer: string, send: () => Promise<unknown>): Promise<void> {
  const { key } = target
  try {
    await send()
  } catch (error) {
    if (isPlainRefusal(error)) throw s3Error(error, key)
    const owner = await ownerOf(target)
    if (owner === writer) return
    if (owner !== null && target.ifNoneMatch) throw new MediaError('OBJECT_EXISTS', undefined, { facts: { key } })
    const mapped = s3Error(error, key)
    // Refused as taken, and yet nothing is there: deleted meanwhile, or two racers refused each other.
    const isOpen = mapped.code === 'OBJECT_EXISTS' || mapped.code === 'OBJECT_NOT_FOUND'
    throw isOpen
      ? new MediaError('STORAGE_UNAVAILABLE', 'The object store did not say what became of a write.', { facts: mapped.facts })
      : mapped
  }
}

/** The writer that an object says it is of, the empty string for a stranger's, null when there is none. */
async function ownerOf({ client, bucket, key }: Target): Promise<string | null> {
  try {
    const { Metadata } = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
    return Metadata?.writer ?? ''
  } catch (error) {
    const mapped = s3Error(error, key)
    if (mapped.code === 'OBJECT_NOT_FOUND') return null
    throw mapped
  }
}
