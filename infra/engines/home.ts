import { mkdirSync, readFileSync, realpathSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { MediaError } from '../../domain/errors.ts'
import { engineLimits } from './limits.ts'

export interface LockedHome {
  /** Canonical path of the data folder. */
  readonly path: string
  /** Idempotent. */
  unlock(): void
}

/** A lock that nobody refers to would be let go of by the garbage collector, whenever that comes by. */
const held = new Set<DatabaseSync>()

function isBusy(error: unknown): boolean {
  // SQLITE_BUSY (5): another connection, of this process or another one, holds the lock.
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

/** The world's errors of working with the data folder, as ours. */
export function homeError(error: unknown, home: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new MediaError('STORAGE_FULL', `There is no space left for the data folder ${home}: free some, or choose another folder.`, {
      cause: error,
    })
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return new MediaError(
      'STORAGE_UNAVAILABLE',
      `The data folder ${home} cannot be written by this user: choose another folder, or give it to this user.`,
      { cause: error },
    )
  if (code === 'ENOTDIR' || code === 'EEXIST')
    return new MediaError('STORAGE_UNAVAILABLE', `The data folder ${home} is not a folder: choose another one.`, { cause: error })
  return error
}

function checkSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path)
  const free = bavail * bsize
  if (free >= engineLimits.homeFreeBytesMin) return
  const mib = (bytes: number) => Math.floor(bytes / 1024 ** 2)
  throw new MediaError(
    'STORAGE_FULL',
    `The data folder ${path} has only ${mib(free)} MiB left, and starting needs ${mib(engineLimits.homeFreeBytesMin)} MiB: free some, or choose another folder.`,
  )
}

function holderOf(file: string): string {
  try {
    return ` (process ${Number(readFileSync(file, 'utf8'))})`
  } catch {
    // The holder has only just begun, and has not written its number yet.
    return ''
  }
}

/**
 * Makes the data folder and holds it for this process alone. The lock is the kernel's (SQLite's, on an empty file):
 * it ends with the process that holds it, however that ends, so there is no stale one to be told from a live one.
 * HOME_IN_USE, STORAGE_FULL, STORAGE_UNAVAILABLE, each with one sentence.
 */
export function lockHome(home: string): LockedHome {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const path = realpathSync(home)
    for (const folder of ['run', 'logs']) mkdirSync(join(path, folder), { recursive: true, mode: 0o700 })
    checkSpace(path)
    const holder = join(path, 'run', 'holder')
    const lock = new DatabaseSync(join(path, 'run', 'lock'), { timeout: 0 })
    try {
      lock.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      lock.close()
      if (isBusy(error))
        throw new MediaError(
          'HOME_IN_USE',
          `The data folder ${path} is in use by another start${holderOf(holder)}: end that one, or choose another folder.`,
        )
      throw error
    }
    writeFileSync(holder, String(process.pid))
    held.add(lock)
    return {
      path,
      unlock() {
        held.delete(lock)
        if (lock.isOpen) lock.close()
      },
    }
  } catch (error) {
    throw homeError(error, home)
  }
}
