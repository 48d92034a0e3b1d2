import { Buffer } from 'node:buffer'
import { join } from 'node:path'

/**
 * Keys as paths. Letters outside a-z, 0-9, `.`, `_` and `-` become `%xx` of their UTF-8: no key can leave
 * the folder, and none depends on a file system's case folding or Unicode normalisation. An object's file
 * ends in `=`, which no folder does, so that `a` and `a/b` can both be keys.
 */
export function pathOf(folder: string, key: string): string {
  const names = key.split('/').map(encodeSegment)
  const last = names.length - 1
  return join(folder, ...names.map((name, index) => (index === last ? `${name}${LEAF}` : name)))
}

const LEAF = '='

/** What a directory entry stands for: a whole key's last segment, or a folder of keys; null for a stranger's file. */
export function entryOf(name: string, isFolder: boolean): string | null {
  const isLeaf = name.endsWith(LEAF)
  if (isLeaf === isFolder) return null
  const encoded = isLeaf ? name.slice(0, -LEAF.length) : name
  const segment = decodeSegment(encoded)
  return segment !== null && encodeSegment(segment) === encoded ? segment : null
}

function encodeSegment(segment: string): string {
  let text = ''
  for (const byte of Buffer.from(segment)) {
    const character = String.fromCharCode(byte)
    text += /[a-z0-9._-]/.test(character) ? character : `%${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

function decodeSegment(name: string): string | null {
  try {
    return decodeURIComponent(name)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}
