import { altOf, altPlaces } from '../domain/alt.ts'
import { MediaError } from '../domain/errors.ts'
import { languageName } from '../domain/languages.ts'
import { limits } from '../domain/limits.ts'
import type { MediaId } from '../domain/ids.ts'
import { captionsKey, captionsPrefix, type CaptionsFile, mediaTypes, type Rendition, type StoredFile } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import type { BlobStore, EncodedFile, ObjectStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { captionsPlaylist } from '../domain/hls.ts'
import { type Cue, cuesWithin, formatWebVtt, parseWebVtt, segmentWebVtt } from '../domain/webvtt.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { siblingReference } from '../cdn/url.ts'
import { fileOf, must, storeFiles } from './draft.ts'
import type { EncodeDeps } from './encode-chunk.ts'
import { withHeartbeat } from './heartbeat.ts'
import { locateSource } from './original.ts'
import { videoSteps } from './video-steps.ts'

/** As long as the picture's segments, as Apple's authoring rules ask. */
const SEGMENT_SECONDS = 6

/** Text tracks of the source become objects beside it, where those that are given later lie too. */
export function extractCaptions({ catalog, objects, videos }: Omit<EncodeDeps, 'blobs'>) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ tracks: number }> =>
    await withHeartbeat(async ({ signal }) => {
      const stored = await videoSteps(catalog, input).once('captions', async () => {
        const plan = planVideo(probe, presetNamed(input.preset), input)
        if (!plan.captions) return { tracks: 0 }
        const texts = await videos.captions(await locateSource(objects, input.mediaId, plan), plan, { signal })
        let tracks = 0
        for (const [at, { language }] of plan.captions.entries()) {
          const cues = readable(texts[at] ?? '')
          if (cues.length === 0) continue
          const body = new TextEncoder().encode(formatWebVtt(cuesWithin(cues, -Math.round(probe.startSeconds * 1000), Infinity)))
          await objects.put(captionsKey(input.mediaId, language, 'found'), body, { type: mediaTypes.vtt })
          tracks += 1
        }
        return { tracks }
      })
      return { tracks: stored.tracks }
    })
}

/** What a file holds beside its picture is no reason to refuse it. */
function readable(text: string): Cue[] {
  try {
    return parseWebVtt(text, limits)
  } catch (error) {
    if (error instanceof MediaError) return []
    throw error
  }
}

/** Captions that are stored of an item: the whole of them as a file, and as HLS wants them. */
export interface StoredCaptions extends CaptionsFile {
  readonly whole: Rendition
  readonly playlist: StoredFile
  readonly segments: readonly StoredFile[]
}

/** What captions have to fit: sizes as displayed, and by how much they come later than on the clock of the upload. */
export interface CaptionedFilm {
  readonly mediaId: MediaId
  readonly version: number
  readonly width: number
  readonly height: number
  readonly durationMs: number
  readonly offsetMs: number
}

/** By how much cues come later than on the upload's clock, where a plan begins after the upload's first frame. */
export function captionsOffsetMs(probe: VideoProbe, plan: VideoPlan): number {
  return Math.round((probe.startSeconds - must(plan.chunks[0]).startSeconds) * 1000)
}

/** The captions that there are of a film, on its own clock: what was given rather than what was found, one for each language. */
export async function captionsThereAre(
  objects: ObjectStore,
  { mediaId, offsetMs, durationMs }: CaptionedFilm,
): Promise<{ readonly language: string; readonly cues: readonly Cue[] }[]> {
  const keys = new Map<string, string>()
  for await (const { key } of objects.list(captionsPrefix(mediaId))) {
    const [, language = '', origin] = /\/([^/]+)\.(given|found)$/.exec(key) ?? []
    if (language !== '' && (origin === 'given' || !keys.has(language))) keys.set(language, key)
  }
  const listed = [...keys].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, limits.captionTracksMax)
  const all = await Promise.all(
    listed.map(async ([language, key]) => ({ language, cues: cuesWithin(readable(await textOf(objects, key)), offsetMs, durationMs) })),
  )
  return all.filter(({ cues }) => cues.length > 0)
}

/** Stores captions in one language as a batch or two; `place` is theirs among the captions of the item's version. */
export async function storeCaptions(
  blobs: BlobStore,
  film: CaptionedFilm,
  { language, place, cues }: { readonly language: string; readonly place: number; readonly cues: readonly Cue[] },
): Promise<StoredCaptions> {
  const base = captionsName(language)
  const { durationMs, width, height } = film
  const fileAt = (name: string, part: number, text: string, size = { width: 0, height: 0 }): EncodedFile => {
    const type = name.endsWith('.vtt') ? mediaTypes.vtt : mediaTypes.m3u8
    return { name, type, ...size, alt: altOf(film.version, altPlaces.captions(place, part)), data: new TextEncoder().encode(text) }
  }
  const parts = segmentWebVtt(cues, durationMs, SEGMENT_SECONDS)
  const [whole, ...segments] = await storeFiles(blobs, film, [
    fileAt(`${base}.vtt`, 0, formatWebVtt(cues), { width, height }),
    ...parts.map(({ text }, part) => fileAt(`${base}.${part}.vtt`, part + 2, text)),
  ])
  const listed = segments.map((segment, part) => ({ uri: siblingReference(segment), durationSeconds: must(parts[part]).durationSeconds }))
  const [playlist] = await storeFiles(blobs, film, [fileAt(`${base}.m3u8`, 1, captionsPlaylist(listed))])
  return { language, name: `${base}.vtt`, label: labelOf(language), whole: must(whole), playlist: must(playlist), segments }
}

/** Captions as the master playlist and the item name them, and their files that are reached through others. */
export function captionsNamed(captions: readonly StoredCaptions[]) {
  return {
    inMaster: captions.map(({ label, language, playlist }) => ({ label, language, uri: siblingReference(playlist) })),
    inItem: captions.length > 0 ? { captions: captions.map(({ language, name, label }) => ({ language, name, label })) } : {},
    parts: captions.flatMap(({ playlist, segments }) => [playlist, ...segments].map(fileOf)),
  }
}

/** What every file of captions begins with. A dot ends it, which no language has. */
export function captionsName(language: string): string {
  return `captions-${language.toLowerCase()}`
}

/** What is unknown is called captions. */
function labelOf(language: string): string {
  return languageName(language) ?? (language === 'und' ? 'Captions' : language)
}

async function textOf(objects: ObjectStore, key: string): Promise<string> {
  const { body } = await objects.get(key)
  const parts: Uint8Array[] = []
  for await (const part of body) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
