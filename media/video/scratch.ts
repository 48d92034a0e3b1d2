import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Folders of runs are named for the process that made them: its id, and when it began, since ids come again. */
const PREFIX = 'video'

export interface Scratch {
  /** Runs `work` with a fresh folder that is gone afterwards, whatever happens. */
  within<T>(work: (folder: string) => Promise<T>): Promise<T>
}

/**
 * Folders for temporary files under `root`. Those that dead processes left are removed at once. `bornMs` is
 * when this process began.
 */
export function createScratch(root: string, pid: number, bornMs: number): Scratch {
  mkdirSync(root, { recursive: true })
  const mine = `${PREFIX}-${pid}-${Math.round(bornMs).toString(36)}-`
  for (const name of readdirSync(root)) {
    const owner = new RegExp(`^${PREFIX}-(\\d+)-[0-9a-z]+-`).exec(name)?.[1]
    if (owner === undefined || name.startsWith(mine)) continue
    if (Number(owner) === pid || !isAlive(Number(owner))) rmSync(join(root, name), { recursive: true, force: true })
  }
  return {
    within: async (work) => {
      const folder = await mkdtemp(join(root, mine))
      try {
        return await work(folder)
      } finally {
        // A program that was lost with its starter may still be writing.
        await rm(folder, { recursive: true, force: true, maxRetries: 5 })
      }
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
