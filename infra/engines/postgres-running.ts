import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the catalog of a data folder's own PostgreSQL answers, if one runs there. */
export function runningDatabaseUrl(home: string): string | null {
  const cluster = join(home, 'postgres', 'cluster')
  try {
    // Line 4 of the lock file is the port (PostgreSQL, storage/pidfile.h).
    const port = Number(readFileSync(join(cluster, 'data', 'postmaster.pid'), 'utf8').split('\n')[3])
    const { darkroom } = JSON.parse(readFileSync(join(cluster, 'passwords.json'), 'utf8')) as { readonly darkroom: string }
    return Number.isInteger(port) && port > 0 ? `postgres://darkroom:${darkroom}@127.0.0.1:${port}/darkroom` : null
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw error
  }
}
