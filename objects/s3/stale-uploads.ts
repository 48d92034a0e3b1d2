import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3'
import { s3Error } from './errors.ts'
import { type S3ObjectStoreOptions, s3Client } from './options.ts'

/** Aborts multipart uploads begun at least `ageMsMin` ago; gives their number. STORAGE_UNAVAILABLE. */
export async function abortStaleUploads(options: S3ObjectStoreOptions, ageMsMin: number, nowMs = Date.now()): Promise<number> {
  const client = s3Client(options, false)
  let aborted = 0
  try {
    for await (const { Key, UploadId, Initiated } of openUploads(client, options.bucket)) {
      if (Initiated === undefined || nowMs - Initiated.getTime() < ageMsMin) continue
      await client.send(new AbortMultipartUploadCommand({ Bucket: options.bucket, Key, UploadId }))
      aborted += 1
    }
    return aborted
  } catch (error) {
    throw s3Error(error, '')
  } finally {
    client.destroy()
  }
}

/** Multipart uploads that are neither completed nor aborted. */
export async function* openUploads(client: S3Client, Bucket: string): AsyncGenerator<MultipartUpload> {
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const page: ListMultipartUploadsCommandOutput = await client.send(new ListMultipartUploadsCommand({ Bucket, ...marker }))
    yield* page.Uploads ?? []
    if (!page.IsTruncated || page.NextKeyMarker === undefined) return
    marker = {
      KeyMarker: page.NextKeyMarker,
      ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
    }
  }
}
