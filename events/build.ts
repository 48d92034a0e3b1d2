import type { ErasedData, EventMotion, EventRendition, PlayableData, ReadyData, RefusedData } from '../domain/events.ts'
import type { MediaId } from '../domain/ids.ts'
import { lossesIn } from '../domain/losses.ts'
import { appearanceIn, type ItemError, type MediaRow, type Motion, openRenditions, type StoredFile } from '../domain/media.ts'

/** The address at which a file of a version of an item is served. */
export type FileUrl = (id: MediaId, version: number, file: StoredFile) => string

/** Where an item's files are: each version's for ever, and under one name whatever is current. */
export interface ItemUrls {
  readonly fileUrl: FileUrl
  aliasUrl(row: Pick<MediaRow, 'id' | 'sourceSha256'>, name: string): string
}

/** What the world is told of a video whose beginning can be played. A row without durations and poster is a bug. */
export function playableData(row: MediaRow, { fileUrl, aliasUrl }: ItemUrls): PlayableData {
  const { id, tenant, kind, manifest } = row
  const poster = manifest?.renditions.find((file) => file.name === manifest.poster)
  if (!manifest || manifest.durationMs === undefined || !poster) throw new Error(`${id} is told to be playable without a poster`)
  const { version, width, height, blurhash, durationMs } = manifest
  return {
    id,
    tenant,
    kind,
    version,
    width,
    height,
    blurhash,
    ...appearanceIn(manifest),
    durationMs,
    hls: aliasUrl(row, 'master.m3u8'),
    poster: fileUrl(id, version, poster),
  }
}

/** What the world is told of an item that can be shown. A row without a manifest is a bug. */
export function readyData(row: MediaRow, fileUrl: FileUrl): ReadyData {
  const { id, tenant, kind, manifest } = row
  if (!manifest) throw new Error(`${id} is told to be ready without a manifest`)
  const renditions = openRenditions(manifest).map(
    (file): EventRendition => ({
      name: file.name,
      url: fileUrl(id, manifest.version, file),
      type: file.type,
      width: file.width,
      height: file.height,
      bytes: file.bytes,
    }),
  )
  const urlOf = (name: string) => {
    const rendition = renditions.find((candidate) => candidate.name === name)
    if (!rendition) throw new Error(`the manifest of ${id} names ${name}, which is not among its renditions`)
    return rendition.url
  }
  return {
    id,
    tenant,
    kind,
    version: manifest.version,
    width: manifest.width,
    height: manifest.height,
    blurhash: manifest.blurhash,
    ...appearanceIn(manifest),
    ...(manifest.durationMs === undefined ? {} : { durationMs: manifest.durationMs }),
    renditions,
    ...(manifest.hls === undefined || manifest.protection ? {} : { hls: urlOf(manifest.hls) }),
    ...(manifest.protection ? { protection: manifest.protection } : {}),
    ...(manifest.dash === undefined ? {} : { dash: urlOf(manifest.dash) }),
    ...(manifest.mp4 === undefined ? {} : { mp4: urlOf(manifest.mp4) }),
    ...(manifest.poster === undefined ? {} : { poster: urlOf(manifest.poster) }),
    ...(manifest.motion === undefined ? {} : { motion: motionAt(manifest.motion, urlOf(manifest.motion.name)) }),
    ...lossesIn(manifest),
  }
}

function motionAt({ kind, durationMs, loops }: Motion, url: string): EventMotion {
  return { kind, url, durationMs, loops }
}

/** What the world is told of an item that was rejected or failed: the table's words, nothing internal. */
export function refusedData(row: Pick<MediaRow, 'id' | 'tenant' | 'kind'>, error: ItemError): RefusedData {
  return { id: row.id, tenant: row.tenant, kind: row.kind, error: { code: error.code, title: error.title } }
}

/** The receipt of an erasure. `verifiedAt`: when the item was seen to be refused. */
export function erasedData(id: MediaId, tenant: string, verifiedAt: Date): ErasedData {
  return { id, tenant, verifiedAt: verifiedAt.toISOString() }
}
