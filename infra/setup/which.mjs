// Programs by name, found with stat alone: asking them for their version comes later, and once.
import { accessSync, constants, realpathSync, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

// Daemons live here, and a plain user's PATH often leaves these out.
const daemonDirs = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/opt/homebrew/bin', '/opt/homebrew/sbin']

export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Every place where one of `names` stands, in the order of PATH. */
export function allOnPath(names, path = process.env.PATH ?? '') {
  const dirs = [...path.split(delimiter).filter(isAbsolute), ...daemonDirs]
  const found = dirs.flatMap((dir) => names.map((name) => join(dir, name))).filter(isProgram)
  return [...new Set(found)]
}

export function onPath(...names) {
  return allOnPath(names)[0]
}

/** The file behind a chain of links: PostgreSQL and Kafka look for their parts beside themselves. */
export function real(path) {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
