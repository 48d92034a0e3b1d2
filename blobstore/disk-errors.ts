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

export function readError(error: NodeJS.ErrnoException): MediaError {
  return new MediaError('STORAGE_UNAVAILABLE', `The disk refused a read: ${error.code ?? 'unknown'}.`, { cause: error })
}

export function isErrno(error: unknown, code: string): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && error.code === code
}
