import { DatabaseSync } from 'node:sqlite'
import { MediaError } from '../domain/errors.ts'

/** A lock that nobody refers to would be let go of by the garbage collector, whenever that comes by. */
const held = new Set<DatabaseSync>()

/** SQLITE_BUSY: another connection, of this process or another one, holds the lock. */
const BUSY = 5

/**
 * Holds a file of its own, made where there is none, for this process alone: until the answer is called, or the process
 * ends. The lock is the kernel's, by way of SQLite's on an empty file, so a killed process leaves none behind; the file
 * stays, since one that was removed could be held by two. Null where somebody holds it. STORAGE_UNAVAILABLE.
 */
export function lockFile(path: string): (() => void) | null {
  let lock: DatabaseSync | null = null
  try {
    lock = new DatabaseSync(path, { timeout: 0 })
    // Its journal, which stays empty, would be one more file beside it.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    lock?.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === BUSY) return null
    throw new MediaError('STORAGE_UNAVAILABLE', 'The lock of a volume cannot be taken.', { cause: error, facts: { path } })
  }
  const taken = lock
  held.add(taken)
  return () => {
    if (held.delete(taken)) taken.close()
  }
}
