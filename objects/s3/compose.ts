import { randomUUID } from 'node:crypto'
import {
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  S3ServiceException,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3'
import { MediaError } from '../../domain/errors.ts'
import type { ObjectPiece, ObjectStore } from '../../domain/ports.ts'
import { bytesOfPieces } from '../pieces.ts'
import { s3Error } from './errors.ts'
import { PARTS_MAX } from './options.ts'
import { type PlannedPart, planParts } from './plan-parts.ts'
import { abort, condition, decided, putBody, sent, type Target } from './put.ts'

const PARTS_AT_ONCE = 4

/**
 * Stores pieces of other objects of the bucket as one object: by a multipart upload whose parts the server copies, but
 * for pieces too small for that. Where it can copy none, it is a body like others. Gives the bytes stored.
 */
export async function composeObject(
  target: Target,
  objects: Pick<ObjectStore, 'get'>,
  pieces: readonly ObjectPiece[],
  { partBytes, pace }: { readonly partBytes: number; readonly pace: (bytes: number) => Promise<void> },
): Promise<number> {
  const parts = planParts(pieces, partBytes)
  if (!parts.some((part) => 'copy' in part)) return putBody(target, bytesOfPieces(objects, pieces, pace), partBytes)
  const { client, bucket, key, type } = target
  if (parts.length > PARTS_MAX)
    throw new MediaError('STORAGE_FULL', `The object would have more than ${PARTS_MAX} parts.`, { facts: { key } })
  const writer = randomUUID()
  const created = await sent(
    key,
    client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key, ContentType: type, Metadata: { writer } })),
  )
  const UploadId = created.UploadId ?? ''

  async function store(part: PlannedPart, PartNumber: number): Promise<CompletedPart> {
    const place = { Bucket: bucket, Key: key, UploadId, PartNumber }
    if ('copy' in part) {
      const { key: source, start, end } = part.copy
      const CopySource = `${bucket}/${source.split('/').map(encodeURIComponent).join('/')}`
      const command = new UploadPartCopyCommand({ ...place, CopySource, CopySourceRange: `bytes=${start}-${end}` })
      const { CopyPartResult } = await client.send(command).catch((error: unknown) => {
        // Servers name a range beyond the source's end differently; all else of the request is ours and right.
        if (error instanceof S3ServiceException && ['InvalidArgument', 'InvalidRequest'].includes(error.name))
          throw new MediaError('RANGE_NOT_SATISFIABLE', undefined, { facts: { key: source, start, end } })
        throw s3Error(error, source)
      })
      await pace(end + 1 - start)
      return { PartNumber, ETag: CopyPartResult?.ETag }
    }
    const data = new Uint8Array(part.bytes)
    let at = 0
    for await (const chunk of bytesOfPieces(objects, part.gather, pace)) {
      data.set(chunk, at)
      at += chunk.byteLength
    }
    const { ETag } = await sent(key, client.send(new UploadPartCommand({ ...place, Body: data })))
    return { PartNumber, ETag }
  }

  try {
    const Parts: CompletedPart[] = []
    for (let start = 0; start < parts.length; start += PARTS_AT_ONCE) {
      const under = parts.slice(start, start + PARTS_AT_ONCE).map((part, index) => store(part, start + index + 1))
      // All have ended before the upload is aborted, or a late one would outlive it.
      await Promise.allSettled(under)
      Parts.push(...(await Promise.all(under)))
    }
    const command = new CompleteMultipartUploadCommand({
      Bucket: bucket,
      Key: key,
      UploadId,
      MultipartUpload: { Parts },
      ...condition(target),
    })
    await decided(target, writer, () => client.send(command))
    return pieces.reduce((sum, { start, end }) => sum + end + 1 - start, 0)
  } catch (error) {
    await abort(target, UploadId)
    throw error
  }
}
