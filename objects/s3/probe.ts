import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand, type S3Client, S3ServiceException } from '@aws-sdk/client-s3'
import { MediaError } from '../../domain/errors.ts'
import { nameOf } from './errors.ts'

/** What a server was found to take. */
export interface S3Abilities {
  /** The SDK's default checksums; servers before 2025 may refuse the headers or the trailer that carry them. */
  readonly checksums: boolean
}

/**
 * Writes and deletes a small object to learn what the server takes, first with the SDK's checksums and
 * then, refused, without. A server that lets a second `If-None-Match: *` through would let two writers
 * believe that each had won: STORAGE_UNAVAILABLE, rather than use it. Other errors are the client's own.
 */
export async function probe(client: (checksums: boolean) => S3Client, bucket: string): Promise<S3Abilities> {
  const key = `probes/${randomUUID()}`
  try {
    const checksums = await takesChecksums(client(true), bucket, key)
    if (!checksums) await put(client(false), bucket, key)
    if (await takesSecond(client(checksums), bucket, key)) {
      throw new MediaError('STORAGE_UNAVAILABLE', 'The object store ignores If-None-Match: it cannot hold volumes safely.')
    }
    return { checksums }
  } finally {
    await client(false).send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
  }
}

async function put(client: S3Client, bucket: string, key: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: new Uint8Array([1]), IfNoneMatch: '*' }))
}

async function takesChecksums(client: S3Client, bucket: string, key: string): Promise<boolean> {
  try {
    await put(client, bucket, key)
    return true
  } catch (error) {
    if (error instanceof S3ServiceException) {
      const status = error.$metadata.httpStatusCode ?? 0
      // The first try went through and its answer was lost: the client has tried again by itself.
      if (status === 412) return true
      // 403 too: a server that does not know the headers may compute another signature.
      if ([400, 403, 411, 501].includes(status)) return false
    }
    throw error
  }
}

async function takesSecond(client: S3Client, bucket: string, key: string): Promise<boolean> {
  try {
    await put(client, bucket, key)
    return true
  } catch (error) {
    if (nameOf(error) === 'PreconditionFailed' || (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 412))
      return false
    throw error
  }
}
