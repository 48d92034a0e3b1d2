import type * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf, fileError } from './file-errors.ts'
import { compareKeys } from './keys.ts'
import { entryOf } from './paths.ts'

type Files = Pick<typeof fs, 'readdir' | 'stat'>

interface Listed {
  readonly key: string
  readonly bytes: number
}

/**
 * Walks a folder of objects in key order. A folder sorts as its name and `/`: every key in it begins so,
 * and no other entry does. Folders that cannot hold a wanted key are not opened.
 */
export async function* listFolder(files: Files, folder: string, prefix: string, after: string | undefined): AsyncGenerator<Listed> {
  yield* walk(folder, '')

  async function* walk(path: string, above: string): AsyncGenerator<Listed> {
    for (const entry of await entriesOf(path, above)) {
      if (entry.isFolder) {
        if (mayHold(entry.key)) yield* walk(entry.path, entry.key)
      } else if (entry.key.startsWith(prefix) && (after === undefined || compareKeys(entry.key, after) > 0)) {
        const bytes = await sizeOf(entry.path, entry.key)
        if (bytes !== null) yield { key: entry.key, bytes }
      }
    }
  }

  function mayHold(start: string): boolean {
    if (!start.startsWith(prefix) && !prefix.startsWith(start)) return false
    return after === undefined || after.startsWith(start) || compareKeys(start, after) > 0
  }

  async function entriesOf(path: string, above: string) {
    const found = []
    for (const entry of await readFolder(path, above)) {
      const segment = entryOf(entry.name, entry.isDirectory())
      if (segment === null) continue
      const isFolder = entry.isDirectory()
      found.push({ isFolder, path: join(path, entry.name), key: `${above}${segment}${isFolder ? '/' : ''}` })
    }
    return found.toSorted((left, right) => compareKeys(left.key, right.key))
  }

  async function readFolder(path: string, key: string) {
    try {
      return await files.readdir(path, { withFileTypes: true })
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return []
      throw fileError(error, key)
    }
  }

  async function sizeOf(path: string, key: string): Promise<number | null> {
    try {
      return (await files.stat(path)).size
    } catch (error) {
      // Deleted since its folder was read.
      if (errnoOf(error) === 'ENOENT') return null
      throw fileError(error, key)
    }
  }
}
