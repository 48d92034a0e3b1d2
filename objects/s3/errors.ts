import { S3ServiceException } from '@aws-sdk/client-s3'
import { type ErrorCode, MediaError } from '../../domain/errors.ts'

const codeOfName: Readonly<Record<string, ErrorCode>> = {
  NoSuchKey: 'OBJECT_NOT_FOUND',
  NotFound: 'OBJECT_NOT_FOUND',
  InvalidRange: 'RANGE_NOT_SATISFIABLE',
  PreconditionFailed: 'OBJECT_EXISTS',
  QuotaExceeded: 'STORAGE_FULL',
  XMinioStorageFull: 'STORAGE_FULL',
  XMinioAdminBucketQuotaExceeded: 'STORAGE_FULL',
  EntityTooLarge: 'STORAGE_FULL',
}

const codeOfStatus: Readonly<Record<number, ErrorCode>> = {
  412: 'OBJECT_EXISTS',
  416: 'RANGE_NOT_SATISFIABLE',
  507: 'STORAGE_FULL',
}

/**
 * An error of the client as one of the table. Only its name, status and request id are kept: the error
 * itself carries the server's answer, which may repeat what was signed, and the request with its headers.
 */
export function s3Error(error: unknown, key: string): MediaError {
  if (error instanceof MediaError) return error
  const name = nameOf(error)
  const status = error instanceof S3ServiceException ? (error.$metadata.httpStatusCode ?? 0) : 0
  const requestId = error instanceof S3ServiceException ? (error.$metadata.requestId ?? '') : ''
  const code = codeOfName[name] ?? codeOfStatus[status] ?? 'STORAGE_UNAVAILABLE'
  const detail = code === 'STORAGE_UNAVAILABLE' ? `The object store failed (${status === 0 ? name : `${status} ${name}`}).` : undefined
  return new MediaError(code, detail, { facts: { key, name, status, requestId } })
}

/** Name of the service's error, or the system's code (`ECONNRESET`), or the name of the class. */
export function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  if (error instanceof S3ServiceException) return error.name
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/**
 * Whether the request certainly changed nothing: the server itself refused it for another reason than that
 * the key is taken or that others are at it. All else may have been done, its answer lost on the way.
 */
export function isPlainRefusal(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false
  const status = error.$metadata.httpStatusCode ?? 0
  return status >= 400 && status < 500 && ![404, 408, 409, 412].includes(status)
}
