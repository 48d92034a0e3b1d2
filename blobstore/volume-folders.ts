import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isErrno } from './disk-errors.ts'

/** In each folder: which one it is, and which others there are. */
const MARKER = 'folder.json'

interface Marker {
  readonly id: string
  readonly all: readonly string[]
}

export interface VolumeFolders {
  /** Those that are there. */
  readonly folders: readonly string[]
  /** Ids of those that there were before. */
  readonly missing: readonly string[]
  /** Empty and without a marker while others are missing: a disk that is not mounted looks like this. Left out. */
  readonly leftOut: readonly string[]
}

/**
 * Looks which of the folders of volumes are there, each on a disk of its own. Every folder knows of all others by name, so
 * that one whose disk is not mounted is missed rather than taken for one without volumes. To give a folder up for good, take its
 * id out of the others' markers. A folder that cannot be read at all counts as missing.
 */
export function openVolumeFolders(paths: readonly string[]): VolumeFolders {
  const marked: { readonly path: string; readonly marker: Marker }[] = []
  const unmarked: string[] = []
  const known = new Set<string>()
  const unreadable: string[] = []
  for (const path of paths) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 })
      const marker = readMarker(path)
      if (marker === null) unmarked.push(path)
      else marked.push({ path, marker })
      for (const id of marker?.all ?? []) known.add(id)
    } catch (error) {
      if (!isErrno(error, 'EIO') && !isErrno(error, 'ENOENT') && !isErrno(error, 'ENOTDIR')) throw error
      unreadable.push(path)
    }
  }
  const isMissing = (id: string) => !marked.some(({ marker }) => marker.id === id)
  const isWhole = ![...known].some(isMissing)
  const leftOut = isWhole ? [] : unmarked.filter((path) => readdirSync(path).length === 0)
  for (const path of unmarked) if (!leftOut.includes(path)) marked.push({ path, marker: markAnew(path) })
  const all = [...new Set([...known, ...marked.flatMap(({ marker }) => [marker.id, ...marker.all])])].toSorted()
  for (const { path, marker } of marked) if (all.some((id) => !marker.all.includes(id))) replaceMarker(path, { id: marker.id, all })
  const inOrder = paths.filter((path) => marked.some((one) => one.path === path))
  // Asked again: another process may have marked some meanwhile.
  return { folders: inOrder, missing: [...all.filter(isMissing), ...unreadable], leftOut }
}

function readMarker(folder: string): Marker | null {
  try {
    return JSON.parse(readFileSync(join(folder, MARKER), 'utf8')) as Marker
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}

/** Gives a folder its id, once: of several processes that start at once, all take the one that was first. */
function markAnew(folder: string): Marker {
  const id = randomBytes(8).toString('hex')
  const made = stage(folder, { id, all: [id] })
  try {
    // A link, unlike a rename, fails when the name is taken.
    linkSync(made, join(folder, MARKER))
    syncFolder(folder)
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error
  } finally {
    rmSync(made, { force: true })
  }
  const marker = readMarker(folder)
  if (marker === null) throw new Error(`the marker of ${folder} is gone right after it was made`)
  return marker
}

function replaceMarker(folder: string, marker: Marker): void {
  renameSync(stage(folder, marker), join(folder, MARKER))
  syncFolder(folder)
}

/** The marker, whole and durable, under a name that nobody looks for. */
function stage(folder: string, marker: Marker): string {
  const made = join(folder, `.${MARKER}.${randomBytes(4).toString('hex')}`)
  const file = openSync(made, 'wx', 0o600)
  try {
    writeFileSync(file, JSON.stringify(marker))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  return made
}

function syncFolder(folder: string): void {
  const file = openSync(folder, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
