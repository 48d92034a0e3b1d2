import { randomBytes } from 'node:crypto'
import type * as fs from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { errnoOf } from './file-errors.ts'

type Files = Pick<typeof fs, 'readdir' | 'stat' | 'rm'>

/** Of a machine that cannot be asked: an upload writes far more often than this, or is cut off. */
const FOREIGN_AGE_MS_MAX = 24 * 60 * 60_000

/** Milliseconds at which this process began: tells it from an earlier one that had the same pid. */
const bornMs = () => Math.round(performance.timeOrigin)

/** A name for a file in the making that says whose it is: `<host>~<pid>~<born>~<random>`. */
export function stagingName(): string {
  return `${hostKey()}~${process.pid}~${bornMs()}~${randomBytes(8).toString('hex')}`
}

/**
 * Removes files in the making whose process is gone: another process of this machine may be at work in the
 * same folder, and its files stay. Returns how many were removed.
 */
export async function sweepStaging(folder: string, files: Files, nowMs: number): Promise<number> {
  let swept = 0
  for (const name of await files.readdir(folder)) {
    const path = join(folder, name)
    if (!(await isLeftover(name, path, files, nowMs))) continue
    await files.rm(path, { force: true })
    swept += 1
  }
  return swept
}

async function isLeftover(name: string, path: string, files: Files, nowMs: number): Promise<boolean> {
  const [host, pid, born] = name.split('~')
  if (host === hostKey() && Number(pid) > 0) {
    if (Number(pid) !== process.pid) return !isAlive(Number(pid))
    return Number(born) !== bornMs()
  }
  try {
    return nowMs - (await files.stat(path)).mtimeMs > FOREIGN_AGE_MS_MAX
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: there is such a process, of another user.
    return errnoOf(error) === 'EPERM'
  }
}

function hostKey(): string {
  return hostname().replace(/[^A-Za-z0-9.-]/g, '_')
}
