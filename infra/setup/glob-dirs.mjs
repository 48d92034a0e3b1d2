// Directories by a pattern with * for whole names; Node 18 has no glob of its own.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

export function globDirs(pattern) {
  const parts = pattern.split('/').slice(1)
  let dirs = ['/']
  for (const part of parts) {
    dirs = dirs.flatMap((dir) => (part === '*' ? namesIn(dir) : [part]).map((name) => join(dir, name)).filter(isDir))
  }
  return dirs
}

function namesIn(dir) {
  try {
    // Newest first where names are versions. (Node 18 has no toSorted.)
    // oxlint-disable-next-line unicorn/no-array-sort
    return readdirSync(dir).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
  } catch {
    return []
  }
}

function isDir(path) {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
