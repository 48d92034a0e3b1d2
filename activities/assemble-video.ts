import { altOf, altPlaces } from '../domain/alt.ts'
import { siblingReference, typeOfName } from '../cdn/url.ts'
import { appearanceIn, mediaTypes } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import type { BlobStore, CheckpointStore, EncodedFile, MediaStore, ObjectStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import { soundName, type SoundTitle, soundTitles } from '../domain/sounds.ts'
import type { StoredChunk, StoredTrack } from '../domain/video-pieces.ts'
import { dashOf, joinChunks, keyframePlaylist, ladderPlaylist, trackPlaylist } from '../domain/video-playlists.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { captionsNamed, captionsOffsetMs, captionsThereAre, storeCaptions, type StoredCaptions } from './captions.ts'
import { fileOf, must, saveDraft, storeFiles } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { videoSteps } from './video-steps.ts'

export interface AssembleDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly blobs: BlobStore
  readonly objects: ObjectStore
}

/**
 * Puts playlists around what the chunks, the audio and the poster left behind. The media playlists are
 * stored first, since the master refers to where they lie.
 */
export function assembleVideo({ catalog, blobs, objects }: AssembleDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ parts: number }> =>
    await withHeartbeat(async () => {
      const steps = videoSteps(catalog, input)
      const plan = planVideo(probe, presetNamed(input.preset), input)
      const chunks: StoredChunk[] = []
      for (const chunk of plan.chunks) chunks.push(await steps.finished(`chunk:${chunk.index}`))
      const poster = await steps.finished('poster')
      // Histories that began before there were storyboards have none.
      const storyboard = (await steps.peek('storyboard'))?.files ?? null
      const mp4 = (await steps.peek('mp4'))?.file ?? null
      const loudness = await steps.peek('loudness')
      const sounds = await soundsOf(steps, plan)
      // Captions that are given from here on are added to the finished film.
      await catalog.setStage(input.mediaId, 'publish')
      const film = {
        ...input,
        width: plan.width,
        height: plan.height,
        durationMs: plan.durationMs,
        offsetMs: captionsOffsetMs(probe, plan),
      }
      const captions: StoredCaptions[] = []
      for (const [place, found] of (await captionsThereAre(objects, film)).entries())
        captions.push(await storeCaptions(blobs, film, { ...found, place }))
      const named = captionsNamed(captions)
      const tracks = plan.rungs.map((rung) => must(joinChunks(chunks, rung.index) ?? undefined))
      const playlistOf = (track: StoredTrack) => trackPlaylist(track, siblingReference)
      const playlists = await storeFiles(blobs, input, [
        ...plan.rungs.map((rung, at) =>
          textFile(`${rung.name}.m3u8`, altOf(input.version, altPlaces.playlist(rung.index)), playlistOf(must(tracks[at])), rung),
        ),
        ...sounds.map(({ at, track }) =>
          textFile(`${soundName(at)}.m3u8`, altOf(input.version, altPlaces.soundPlaylist(at)), playlistOf(track)),
        ),
      ])
      const iframes = await storeFiles(
        blobs,
        input,
        plan.rungs.flatMap((rung, at) => {
          const text = keyframePlaylist(must(tracks[at]), siblingReference)
          return text === null ? [] : [textFile(`${rung.name}-iframes.m3u8`, altOf(input.version, altPlaces.iframes(rung.index)), text)]
        }),
      )
      const ladder = plan.rungs.map(({ name, width, height, range }, at) => {
        const track = must(tracks[at])
        return range ? { name, width, height, track, range } : { name, width, height, track }
      })
      const master = ladderPlaylist({
        rungs: ladder.map((rung, at) => ({
          ...rung,
          uri: siblingReference(must(playlists[at])),
          ...(iframes[at] ? { iframesUri: siblingReference(iframes[at]) } : {}),
        })),
        sounds: sounds.map((sound, at) => ({ ...sound, uri: siblingReference(must(playlists[plan.rungs.length + at])) })),
        captions: named.inMaster,
        fps: plan.fps,
      })
      // DASH has no word for segments that are encrypted whole.
      const isSealed = presetNamed(input.preset).video.encryption !== undefined
      const dash = dashOf({ rungs: ladder, sounds, captions, fps: plan.fps, durationMs: plan.durationMs, reference: siblingReference })
      const tops = await storeFiles(blobs, input, [
        textFile('master.m3u8', altOf(input.version, altPlaces.master), master, plan),
        ...(isSealed ? [] : [textFile('manifest.mpd', altOf(input.version, altPlaces.dash), dash, plan)]),
      ])
      const posterName = must(poster.renditions.find((file) => file.type === mediaTypes.jpg)).name
      const manifest = {
        kind: 'video' as const,
        version: input.version,
        width: plan.width,
        height: plan.height,
        blurhash: poster.blurhash,
        ...appearanceIn(poster),
        durationMs: plan.durationMs,
        renditions: [
          ...tops,
          ...playlists.filter((file) => file.width > 0),
          ...(mp4 ? [mp4] : []),
          ...poster.renditions,
          ...(storyboard ? [storyboard.index] : []),
          ...captions.map(({ whole }) => whole),
        ],
        parts: [
          ...[...playlists.filter((file) => file.width === 0), ...iframes, ...(storyboard ? [storyboard.sheet] : [])].map(fileOf),
          ...named.parts,
          ...[...tracks, ...sounds.map(({ track }) => track)].flatMap((track) => [track.init, ...track.segments].map(fileOf)),
        ],
        hls: 'master.m3u8',
        ...(isSealed ? { protection: 'aes-128' as const } : { dash: 'manifest.mpd' }),
        ...(mp4 ? { mp4: mp4.name } : {}),
        poster: posterName,
        ...(storyboard ? { storyboard: storyboard.index.name } : {}),
        ...(film.offsetMs === 0 ? {} : { captionsOffsetMs: film.offsetMs }),
        ...(sounds.length > 1 ? { sounds: sounds.map(({ title }) => title) } : {}),
        ...named.inItem,
      }
      await saveDraft(catalog, input, {
        manifest,
        facts: { ...(await steps.finished('facts')), ...(loudness ? { loudness } : {}) },
        ...(poster.fingerprint === undefined ? {} : { fingerprint: poster.fingerprint }),
      })
      return { parts: manifest.parts.length }
    })
}

/** The film's sound and those of the others that could be decoded, in the plan's order; `at` is their place in it. */
async function soundsOf(
  steps: ReturnType<typeof videoSteps>,
  plan: VideoPlan,
): Promise<{ readonly at: number; readonly title: SoundTitle; readonly track: StoredTrack }[]> {
  const all = []
  for (const [at, title] of soundTitles(plan).entries()) {
    const track = at === 0 ? await steps.finished('audio') : (await steps.finished(`sound:${at}`)).track
    if (track) all.push({ at, title, track })
  }
  return all
}

/** A playlist or manifest; without a size one that is reached through others only. */
function textFile(name: string, alt: number, text: string, { width, height } = { width: 0, height: 0 }): EncodedFile {
  return { name, type: typeOfName(name) ?? mediaTypes.m3u8, width, height, alt, data: new TextEncoder().encode(text) }
}
