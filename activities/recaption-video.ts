import { altOf, altPlaces } from '../domain/alt.ts'
import { typeOfName, siblingReference } from '../cdn/url.ts'
import { dashWithCaptions } from '../domain/dash.ts'
import { lookIn } from '../domain/edits.ts'
import { keyOf } from '../domain/ids.ts'
import { masterWithCaptions } from '../domain/hls.ts'
import type { Manifest, MediaRow, Rendition, StoredFile } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoSourceType } from '../domain/plans.ts'
import type { BlobStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { formatWebVtt } from '../domain/webvtt.ts'
import type { RecaptionInput } from '../domain/workflow-inputs.ts'
import type { AdmitVideoDeps } from './admit-video.ts'
import type { AssembleDeps } from './assemble-video.ts'
import { type CaptionedFilm, captionsName, captionsOffsetMs, captionsThereAre, storeCaptions, type StoredCaptions } from './captions.ts'
import { must, storeFiles } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'

export interface Recaptioned {
  /** `unfinished`: the film is still being made, so that it may get them or not; `gone`: there is none and will be none. */
  readonly outcome: 'changed' | 'same' | 'unfinished' | 'gone'
  readonly tracks: number
}

/**
 * The captions that there are now, put into a finished film: only texts that have changed are stored, then a master and
 * a DASH manifest that name them. Everything else of the film keeps its address, in players and on edges.
 */
export function recaptionVideo(deps: AssembleDeps & AdmitVideoDeps) {
  const { catalog, objects, blobs } = deps
  return async ({ mediaId }: RecaptionInput): Promise<Recaptioned> =>
    await withHeartbeat(async () => {
      const row = await catalog.get(mediaId)
      if (row?.state === 'processing' || row?.state === 'playable') return { outcome: 'unfinished', tracks: 0 }
      if (row?.state !== 'ready' || !row.manifest?.hls) return { outcome: 'gone', tracks: 0 }
      const { manifest } = row
      const film = await filmOf(deps, row, manifest)
      let stored = manifest.captionChanges?.stored ?? manifest.captions?.length ?? 0
      const captions: StoredCaptions[] = []
      for (const found of await captionsThereAre(objects, film)) {
        const kept = await keptOf(blobs, film, manifest, found.language, formatWebVtt(found.cues))
        captions.push(kept ?? (await storeCaptions(blobs, film, { ...found, place: stored })))
        if (!kept) stored += 1
      }
      const before = (manifest.captions ?? []).map(({ name }) => must(manifest.renditions.find((file) => file.name === name)))
      const same = captions.length === before.length && captions.every(({ whole }) => before.includes(whole))
      if (same) return { outcome: 'same', tracks: captions.length }
      const revised = await withCaptions(blobs, film, manifest, captions, stored)
      return { outcome: (await catalog.amend(mediaId, revised)) ? 'changed' : 'gone', tracks: captions.length }
    })
}

/** The clock of a film that was trimmed begins later than its upload's: by how much, only its plan knows. */
async function filmOf({ objects, videos }: AdmitVideoDeps, row: MediaRow, manifest: Manifest): Promise<CaptionedFilm> {
  const { version, width, height, durationMs = 0 } = manifest
  const film = { mediaId: row.id, version, width, height, durationMs, offsetMs: 0 }
  if (!row.edits?.trim) return film
  const { probe } = await videos.probe(await locateSource(objects, row.id, {}), row.sourceType as VideoSourceType)
  return { ...film, offsetMs: captionsOffsetMs(probe, planVideo(probe, presetNamed(row.preset), lookIn(row))) }
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
  stored: number,
): Promise<Manifest> {
  const revision = (manifest.captionChanges?.revision ?? 0) + 1
  const read = async ({ locator }: StoredFile) => Buffer.from((await blobs.read(keyOf(film.mediaId), locator)).data).toString('utf8')
  const revise = async (name: string | undefined, place: number, revised: (text: string) => string): Promise<Rendition[]> => {
    const old = manifest.renditions.find((file) => file.name === name)
    if (!old) return []
    const { width, height, type } = old
    const data = new TextEncoder().encode(revised(await read(old)))
    return await storeFiles(blobs, film, [
      { name: old.name, type: typeOfName(old.name) ?? type, width, height, alt: altOf(film.version, place), data },
    ])
  }
  const listed = captions.map(({ label, language, playlist }) => ({ label, language, uri: siblingReference(playlist) }))
  const whole = captions.map((one) => ({ language: one.language, uri: siblingReference(one.whole) }))
  const tops = [
    ...(await revise(manifest.hls, altPlaces.revisedMaster(revision), (text) => masterWithCaptions(text, listed))),
    ...(await revise(manifest.dash, altPlaces.revisedDash(revision), (text) => dashWithCaptions(text, whole))),
  ]
  const replaced = new Set([...tops.map(({ name }) => name), ...(manifest.captions ?? []).map(({ name }) => name)])
  const { captions: _before, ...rest } = manifest
  return {
    ...rest,
    renditions: [...tops, ...manifest.renditions.filter(({ name }) => !replaced.has(name)), ...captions.map((one) => one.whole)],
    parts: [
      ...manifest.parts.filter(({ name }) => !name.startsWith('captions-')),
      ...captions.flatMap(({ playlist, segments }) =>
        [playlist, ...segments].map(({ name, type, bytes, locator }) => ({ name, type, bytes, locator })),
      ),
    ],
    ...(captions.length > 0 ? { captions: captions.map(({ language, name, label }) => ({ language, name, label })) } : {}),
    captionChanges: { revision, stored },
  }
}
