import { MediaError } from '../domain/errors.ts'

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])
const MISSING = new Set(['ENOENT', 'ENOTDIR'])

/** A file system's error as one of the table: STORAGE_FULL, OBJECT_NOT_FOUND or STORAGE_UNAVAILABLE. */
export function fileError(error: unknown, key: string): MediaError {
  if (error instanceof MediaError) return error
  const errno = errnoOf(error)
  if (FULL.has(errno)) return new MediaError('STORAGE_FULL', undefined, { cause: error, facts: { key, errno } })
  if (MISSING.has(errno)) return new MediaError('OBJECT_NOT_FOUND', undefined, { cause: error, facts: { key } })
  return new MediaError('STORAGE_UNAVAILABLE', undefined, { cause: error, facts: { key, errno } })
}

/** `ENOENT` and the like, or the empty string for an error that is not the system's. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
