import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, writeSync } from 'node:fs'
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
  const present = new Set(marked.map(({ marker }) => marker.id))
  const missing = [...known].filter((id) => !present.has(id))
  const isWhole = missing.length === 0
  const leftOut = isWhole ? [] : unmarked.filter((path) => readdirSync(path).length === 0)
  for (const path of unmarked) {
    if (!leftOut.includes(path)) marked.push({ path, marker: { id: randomBytes(8).toString('hex'), all: [] } })
  }
  const all = [...new Set([...known, ...marked.map(({ marker }) => marker.id)])].toSorted()
  for (const { path, marker } of marked) if (all.length !== marker.all.length) writeMarker(path, { id: marker.id, all })
  const inOrder = paths.filter((path) => marked.some((one) => one.path === path))
  return { folders: inOrder, missing: [...missing, ...unreadable], leftOut }
}

function readMarker(folder: string): Marker | null {
  try {
    return JSON.parse(readFileSync(join(folder, MARKER), 'utf8')) as Marker
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  }
}

function writeMarker(folder: string, marker: Marker): void {
  const made = join(folder, `.${MARKER}.${randomBytes(4).toString('hex')}`)
  const file = openSync(made, 'wx', 0o600)
  try {
    writeSync(file, JSON.stringify(marker))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(made, join(folder, MARKER))
}
