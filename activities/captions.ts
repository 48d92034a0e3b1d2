import { altOf, altPlaces } from '../domain/alt.ts'
import { MediaError } from '../domain/errors.ts'
import { languageName } from '../domain/languages.ts'
import { limits } from '../domain/limits.ts'
import { captionsKey, captionsPrefix, type CaptionsFile, mediaTypes, type Rendition, type StoredFile } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import type { BlobStore, EncodedFile, ObjectStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { captionsPlaylist } from '../domain/hls.ts'
import { type Cue, cuesWithin, formatWebVtt, parseWebVtt, segmentWebVtt } from '../domain/webvtt.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { siblingReference } from '../cdn/url.ts'
import { must, storeFiles } from './draft.ts'
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

/** Stores the captions that are there of an item: what was given rather than what was found, one for each language. */
export async function storeCaptions(
  { objects, blobs }: { readonly objects: ObjectStore; readonly blobs: BlobStore },
  input: IngestInput,
  probe: VideoProbe,
  plan: VideoPlan,
): Promise<StoredCaptions[]> {
  const keys = new Map<string, string>()
  for await (const { key } of objects.list(captionsPrefix(input.mediaId))) {
    const [, language = '', origin] = /\/([^/]+)\.(given|found)$/.exec(key) ?? []
    if (language !== '' && (origin === 'given' || !keys.has(language))) keys.set(language, key)
  }
  const origin = must(plan.chunks[0]).startSeconds
  const offsetMs = Math.round((probe.startSeconds - origin) * 1000)
  const all: StoredCaptions[] = []
  for (const [language, key] of [...keys].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, limits.captionTracksMax)) {
    const cues = cuesWithin(readable(await textOf(objects, key)), offsetMs, plan.durationMs)
    all.push(await storeTrack(blobs, input, plan, { language, at: all.length, cues }))
  }
  return all
}

async function storeTrack(
  blobs: BlobStore,
  input: IngestInput,
  { durationMs, width, height }: VideoPlan,
  { language, at, cues }: { readonly language: string; readonly at: number; readonly cues: readonly Cue[] },
): Promise<StoredCaptions> {
  const base = `captions-${language.toLowerCase()}`
  const fileAt = (name: string, place: number, text: string, size = { width: 0, height: 0 }): EncodedFile => {
    const type = name.endsWith('.vtt') ? mediaTypes.vtt : mediaTypes.m3u8
    return { name, type, ...size, alt: altOf(input.version, altPlaces.captions(at, place)), data: new TextEncoder().encode(text) }
  }
  const parts = segmentWebVtt(cues, durationMs, SEGMENT_SECONDS)
  const [whole, ...segments] = await storeFiles(blobs, input, [
    fileAt(`${base}.vtt`, 0, formatWebVtt(cues), { width, height }),
    ...parts.map(({ text }, part) => fileAt(`${base}-${part}.vtt`, part + 2, text)),
  ])
  const listed = segments.map((segment, part) => ({ uri: siblingReference(segment), durationSeconds: must(parts[part]).durationSeconds }))
  const [playlist] = await storeFiles(blobs, input, [fileAt(`${base}.m3u8`, 1, captionsPlaylist(listed))])
  return { language, name: `${base}.vtt`, label: labelOf(language), whole: must(whole), playlist: must(playlist), segments }
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
