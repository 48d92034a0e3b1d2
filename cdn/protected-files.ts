import { MediaError } from '../domain/errors.ts'
import { CONTENT_KEY_NAME } from '../domain/hls.ts'
import { mediaTypes, type MediaRow, type StoredFile } from '../domain/media.ts'
import { contentKeysOf } from './content-keys.ts'
import { isGranted, type ProtectedParts } from './protected-path.ts'

/** What a signed address stands for. */
export interface ProtectedFile {
  readonly type: string
  readonly body: Uint8Array
}

/**
 * The key of an encrypted item, or one of its playlists, led so that the other playlists and the key are found under
 * the same signature, and segments at their own addresses. GRANT_ENDED for any address that does not hold;
 * BLOB_NOT_FOUND for what is not encrypted, or is of another version.
 */
export async function protectedFile(
  parts: ProtectedParts,
  secret: string,
  nowMs: number,
  rowOf: () => Promise<MediaRow | null>,
  read: (file: StoredFile) => Promise<Uint8Array>,
): Promise<ProtectedFile> {
  const { id, version, name } = parts
  if (!isGranted(secret, parts, nowMs)) throw new MediaError('GRANT_ENDED')
  const manifest = (await rowOf())?.manifest
  if (manifest?.version !== version || !manifest.protection) throw new MediaError('BLOB_NOT_FOUND')
  if (name === CONTENT_KEY_NAME) return { type: 'application/octet-stream', body: contentKeysOf(secret).keyOf(id, version) }
  const file = [...manifest.renditions, ...manifest.parts].find((candidate) => candidate.name === name)
  if (!file) throw new MediaError('BLOB_NOT_FOUND')
  const text = new TextDecoder().decode(await read(file))
  const led = text.replace(/\.\.\/([0-9a-z.]+)\/([a-z0-9._-]+)/g, (_, place: string, sibling: string) =>
    sibling.endsWith('.m3u8') ? sibling : `/m/${id}.${version}/${place}/${sibling}`,
  )
  return { type: mediaTypes.m3u8, body: new TextEncoder().encode(led) }
}
