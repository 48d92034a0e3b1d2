import { timingSafeEqual } from 'node:crypto'
import { MediaError } from '../domain/errors.ts'
import type { MediaId } from '../domain/ids.ts'
import type { Manifest, MediaRow, StoredFile } from '../domain/media.ts'
import type { CurrentFiles } from '../domain/ports.ts'
import type { StoredChunk, StoredLead, StoredTrack, VideoPieces } from '../domain/video-pieces.ts'
import { livePlaylist } from '../domain/video-playlists.ts'
import { type AliasParts, aliasKey } from './alias-path.ts'
import { formatFilePath } from './url.ts'

/** What an alias stands for at the moment. */
export type Current =
  | { readonly is: 'file'; readonly path: string; readonly version: number }
  | { readonly is: 'playlist'; readonly text: string; readonly version: number }

export interface CurrentOptions {
  readonly source: CurrentFiles
  /** What was looked up answers for this long. */
  readonly ageMsMax: number
  /** Items remembered; the one asked for longest ago goes first. */
  readonly itemsMax: number
  /** Of a clock that only runs forward. */
  readonly nowMs?: () => number
}

export interface CurrentItems {
  resolve(alias: AliasParts): Promise<Current>
  /** The row of an item that can be shown, for who knows its key. BLOB_NOT_FOUND, MEDIA_ERASED, CATALOG_UNAVAILABLE. */
  rowOf(alias: Pick<AliasParts, 'id' | 'key'>): Promise<MediaRow>
}

interface Versioned extends VideoPieces {
  readonly version: number
}

interface Known {
  row: MediaRow | null
  pieces: Versioned | null
  lookedMs: number
  looking: Promise<void> | null
}

/**
 * Resolves aliases: to the current version's file, or while a video is being encoded to a playlist of what is
 * there. Pieces are final once they are finished, so each is asked for once; many viewers of one video cost
 * one look per `ageMsMax`. BLOB_NOT_FOUND, MEDIA_ERASED, CATALOG_UNAVAILABLE.
 */
export function createCurrent({ source, ageMsMax, itemsMax, nowMs = () => performance.now() }: CurrentOptions): CurrentItems {
  const items = new Map<MediaId, Known>()

  function known(id: MediaId): Known {
    const item = items.get(id) ?? { row: null, pieces: null, lookedMs: -Infinity, looking: null }
    items.delete(id)
    items.set(id, item)
    const [oldest] = items.keys()
    if (items.size > itemsMax && oldest !== undefined) items.delete(oldest)
    return item
  }

  async function look(id: MediaId, item: Known): Promise<void> {
    const atMs = nowMs()
    const row = await source.get(id)
    if (row?.kind === 'video' && (row.state === 'playable' || row.state === 'ready'))
      item.pieces = await morePieces(source, row, item.pieces)
    else item.pieces = null
    item.row = row
    item.lookedMs = atMs
  }

  async function shown({ id, key }: Pick<AliasParts, 'id' | 'key'>): Promise<Known & { row: MediaRow; manifest: Manifest }> {
    const item = known(id)
    const askedMs = nowMs()
    if (askedMs - item.lookedMs > ageMsMax) {
      // Who joined a look that had begun long ago, and was slow, looks again: whoever purges relies on nothing older being told.
      do {
        item.looking ??= look(id, item).finally(() => {
          item.looking = null
        })
        await item.looking
      } while (item.lookedMs < askedMs - Math.max(ageMsMax, 0))
    }
    const { row } = item
    if (!row || !isKey(key, aliasKey(row))) throw new MediaError('BLOB_NOT_FOUND')
    if (row.state === 'erased') throw new MediaError('MEDIA_ERASED')
    if (!row.manifest || (row.state !== 'ready' && row.state !== 'playable')) throw new MediaError('BLOB_NOT_FOUND')
    return { ...item, row, manifest: row.manifest }
  }

  async function resolve(alias: AliasParts): Promise<Current> {
    const { id, name } = alias
    const { manifest, pieces } = await shown(alias)
    const { version } = manifest
    const pathOf = (file: StoredFile) => formatFilePath({ id, version, locator: file.locator, name: file.name })
    const file = fileNamed(manifest, name)
    // A media playlist that somebody saw growing only ever ends: it does not become the finished video's.
    const text = pieces && !(file && name === manifest.hls) ? livePlaylist(name, pieces, pathOf) : null
    if (text === null && file) return { is: 'file', path: pathOf(file), version }
    if (text === null) throw new MediaError('BLOB_NOT_FOUND')
    return { is: 'playlist', text, version }
  }

  return { resolve, rowOf: async (alias) => (await shown(alias)).row }
}

function fileNamed({ renditions, parts }: Manifest, name: string): StoredFile | undefined {
  return renditions.find((file) => file.name === name) ?? parts.find((file) => file.name === name)
}

/** What has been finished since: chunks from the first one on that is not known, up to the first that is missing. */
async function morePieces(source: CurrentFiles, { id, version }: MediaRow, known: Versioned | null): Promise<Versioned | null> {
  const before = known?.version === version ? known : null
  const finished = async (step: string) => (await source.finished(id, version, step)) ?? null
  const lead = before?.lead ?? ((await finished('lead')) as StoredLead | null)
  if (lead === null) return null
  const chunks = [...(before?.chunks ?? [])]
  while (chunks.length < lead.chunks) {
    const chunk = (await finished(`chunk:${chunks.length}`)) as StoredChunk | null
    if (chunk === null) break
    chunks.push(chunk)
  }
  const audio = lead.audio === null ? null : (before?.audio ?? ((await finished('audio')) as StoredTrack | null))
  const ahead = audio || lead.audio === null ? null : (before?.ahead ?? ((await finished('audio:ahead')) as StoredTrack | null))
  return { version, lead, chunks, ahead, audio }
}

function isKey(given: string, wanted: string): boolean {
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted))
}
