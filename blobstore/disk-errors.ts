import { MediaError } from '../domain/errors.ts'

/** No space, no quota, no inode. */
const full = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/**
 * What a failed write or sync means. After a failed fsync the kernel may call lost pages clean, so a
 * second one proves nothing: the volume is never written again (Rebello et al., USENIX ATC 2020).
 */
export function writeError(code: string, message: string): MediaError {
  return new MediaError(full.has(code) ? 'STORAGE_FULL' : 'VOLUME_FENCED', `The disk refused a write: ${code}.`, {
    cause: new Error(message),
  })
}

/**
 * What a failed creation means. Only where there is a file of that name already the volume is fenced; otherwise none was made, or one that the
 * next attempt meets, and the number is not used up by a disk that takes no writes.
 */
export function createError(code: string, message: string): MediaError {
  if (code === 'EEXIST') return writeError(code, 'there is a volume of that number already')
  if (full.has(code)) return writeError(code, message)
  return new MediaError('STORAGE_UNAVAILABLE', `The disk refused to create a volume: ${code}.`, { cause: new Error(message) })
}

export function readError(error: NodeJS.ErrnoException): MediaError {
  return new MediaError('STORAGE_UNAVAILABLE', `The disk refused a read: ${error.code ?? 'unknown'}.`, { cause: error })
}

export function isErrno(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === code
}
