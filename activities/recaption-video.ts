import { activityInfo } from '@temporalio/activity'
import { altOf, altPlaces } from '../domain/alt.ts'
import { siblingReference } from '../cdn/url.ts'
import { dashWithCaptions } from '../domain/dash.ts'
import { keyOf } from '../domain/ids.ts'
import { limits } from '../domain/limits.ts'
import { masterWithCaptions } from '../domain/hls.ts'
import type { Manifest, MediaRow, Rendition, StoredFile } from '../domain/media.ts'
import type { BlobStore } from '../domain/ports.ts'
import { formatWebVtt } from '../domain/webvtt.ts'
import type { RecaptionInput } from '../domain/workflow-inputs.ts'
import type { AssembleDeps } from './assemble-video.ts'
import { type CaptionedFilm, captionsName, captionsNamed, captionsThereAre, storeCaptions, type StoredCaptions } from './captions.ts'
import { must, storeFiles } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'

export interface Recaptioned {
  /** `unfinished`: the film is still being made, so that it may get them or not; `gone`: there is none and will be none. */
  readonly outcome: 'changed' | 'same' | 'unfinished' | 'gone'
  readonly tracks: number
}

/**
 * The captions that there are now, put into a finished film: only texts that have changed are stored, then a master and
 * a DASH manifest that name them. Everything else of the film keeps its address, in players and on edges.
 */
export function recaptionVideo({ catalog, objects, blobs }: AssembleDeps) {
  return async ({ mediaId }: RecaptionInput): Promise<Recaptioned> =>
    await withHeartbeat(async ({ signal }) => {
      const row = await catalog.get(mediaId)
      if (row?.state === 'processing' || row?.state === 'playable') return { outcome: 'unfinished', tracks: 0 }
      if (row?.state !== 'ready' || !row.manifest?.hls) return { outcome: 'gone', tracks: 0 }
      const { manifest } = row
      const { version, width, height, durationMs = 0 } = manifest
      const film = { mediaId, version, width, height, durationMs, offsetMs: offsetOf(row, manifest) }
      const revision = manifest.captionChanges?.revision ?? 0
      // An attempt that was given up may still be writing: each has places of its own.
      const { attempt } = activityInfo()
      let stored = (manifest.captionChanges?.stored ?? manifest.captions?.length ?? 0) + (attempt - 1) * limits.captionTracksMax
      const captions: StoredCaptions[] = []
      for (const found of await captionsThereAre(objects, film)) {
        const kept = await keptOf(blobs, film, manifest, found.language, formatWebVtt(found.cues))
        captions.push(kept ?? (await storeCaptions(blobs, film, { ...found, place: stored })))
        if (!kept) stored += 1
      }
      const before = (manifest.captions ?? []).map(({ name }) => must(manifest.renditions.find((file) => file.name === name)))
      const same = captions.length === before.length && captions.every(({ whole }) => before.includes(whole))
      if (same) return { outcome: 'same', tracks: captions.length }
      const revised = await withCaptions(blobs, film, manifest, captions, { revision: revision + attempt, stored })
      signal.throwIfAborted()
      // What was changed meanwhile is looked at again.
      return { outcome: (await catalog.amend(mediaId, revised, revision)) ? 'changed' : 'unfinished', tracks: captions.length }
    })
}

/** Films of before there was a note of it tell from their trim, to within a frame. */
function offsetOf({ edits }: MediaRow, { captionsOffsetMs }: Manifest): number {
  return captionsOffsetMs ?? -Math.round((edits?.trim?.startSeconds ?? 0) * 1000)
}

/** The files of a language's captions, where their text is what it was. */
async function keptOf(
  blobs: BlobStore,
  { mediaId }: CaptionedFilm,
  { captions = [], renditions, parts }: Manifest,
  language: string,
  text: string,
): Promise<StoredCaptions | null> {
  const known = captions.find((file) => file.language === language)
  const whole = renditions.find(({ name }) => name === known?.name)
  if (!known || !whole) return null
  const { data } = await blobs.read(keyOf(mediaId), whole.locator)
  if (Buffer.from(data).toString('utf8') !== text) return null
  const own = parts.filter(({ name }) => name.startsWith(`${captionsName(language)}.`))
  const playlist = own.find(({ name }) => name.endsWith('.m3u8'))
  return playlist ? { ...known, whole, playlist, segments: own.filter((file) => file !== playlist) } : null
}

/** The manifest with these captions, once the playlists that name them are stored. */
async function withCaptions(
  blobs: BlobStore,
  film: CaptionedFilm,
  manifest: Manifest,
  captions: readonly StoredCaptions[],
  changes: NonNullable<Manifest['captionChanges']>,
): Promise<Manifest> {
  const read = async ({ locator }: StoredFile) => Buffer.from((await blobs.read(keyOf(film.mediaId), locator)).data).toString('utf8')
  const revise = async (name: string | undefined, place: number, revised: (text: string) => string): Promise<Rendition[]> => {
    const old = manifest.renditions.find((file) => file.name === name)
    if (!old) return []
    const { width, height, type } = old
    const data = new TextEncoder().encode(revised(await read(old)))
    return await storeFiles(blobs, film, [{ name: old.name, type, width, height, alt: altOf(film.version, place), data }])
  }
  const named = captionsNamed(captions)
  const whole = captions.map((one) => ({ language: one.language, uri: siblingReference(one.whole) }))
  const tops = [
    ...(await revise(manifest.hls, altPlaces.revisedMaster(changes.revision), (text) => masterWithCaptions(text, named.inMaster))),
    ...(await revise(manifest.dash, altPlaces.revisedDash(changes.revision), (text) => dashWithCaptions(text, whole))),
  ]
  const replaced = new Set([...tops.map(({ name }) => name), ...(manifest.captions ?? []).map(({ name }) => name)])
  const { captions: _before, ...rest } = manifest
  return {
    ...rest,
    renditions: [...tops, ...manifest.renditions.filter(({ name }) => !replaced.has(name)), ...captions.map((one) => one.whole)],
    parts: [...manifest.parts.filter(({ name }) => !name.startsWith('captions-')), ...named.parts],
    ...named.inItem,
    captionChanges: changes,
  }
}
