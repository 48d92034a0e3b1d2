import { altOf, altPlaces } from '../domain/alt.ts'
import { siblingReference } from '../cdn/url.ts'
import { mediaTypes, type Rendition } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import type { BlobStore, CheckpointStore, EncodedFile, MediaStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { StoredChunk, StoredTrack } from '../domain/video-pieces.ts'
import { joinChunks, ladderPlaylist, trackPlaylist } from '../domain/video-playlists.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { must, saveDraft, storeFiles } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { videoSteps } from './video-steps.ts'

export interface AssembleDeps {
  readonly catalog: MediaStore & CheckpointStore
  readonly blobs: BlobStore
}

/**
 * Puts playlists around what the chunks, the audio and the poster left behind. The media playlists are
 * stored first, since the master refers to where they lie.
 */
export function assembleVideo({ catalog, blobs }: AssembleDeps) {
  return async (input: IngestInput, probe: VideoProbe): Promise<{ parts: number }> =>
    await withHeartbeat(async () => {
      const steps = videoSteps(catalog, input)
      const plan = planVideo(probe, presetNamed(input.preset), { filter: input.filter })
      const chunks: StoredChunk[] = []
      for (const chunk of plan.chunks) chunks.push(await steps.finished(`chunk:${chunk.index}`))
      const poster = await steps.finished('poster')
      const audio = plan.audio ? await steps.finished('audio') : null
      const tracks = plan.rungs.map((rung) => must(joinChunks(chunks, rung.index) ?? undefined))
      const playlists = await storeFiles(blobs, input, [
        ...plan.rungs.map((rung, at) =>
          playlistFile(`${rung.name}.m3u8`, altOf(input.version, altPlaces.playlist(rung.index)), must(tracks[at]), rung),
        ),
        ...(audio ? [playlistFile('audio.m3u8', altOf(input.version, altPlaces.audioPlaylist), audio, { width: 0, height: 0 })] : []),
      ])
      const master = await storeFiles(blobs, input, [masterFile(input, plan, tracks, audio, playlists)])
      const posterName = must(poster.renditions.find((file) => file.type === mediaTypes.jpg)).name
      const manifest = {
        kind: 'video' as const,
        version: input.version,
        width: plan.width,
        height: plan.height,
        blurhash: poster.blurhash,
        durationMs: plan.durationMs,
        renditions: [...master, ...playlists.filter((file) => file.width > 0), ...poster.renditions],
        parts: [
          ...playlists.filter((file) => file.width === 0),
          ...[...tracks, ...(audio ? [audio] : [])].flatMap((track) => [track.init, ...track.segments]),
        ],
        hls: must(master[0]).name,
        poster: posterName,
      }
      await saveDraft(catalog, input, { manifest, facts: await steps.finished('facts') })
      return { parts: manifest.parts.length }
    })
}

function playlistFile(
  name: string,
  alt: number,
  track: StoredTrack,
  size: { readonly width: number; readonly height: number },
): EncodedFile {
  const data = new TextEncoder().encode(trackPlaylist(track, siblingReference))
  return { name, type: mediaTypes.m3u8, width: size.width, height: size.height, alt, data }
}

function masterFile(
  input: IngestInput,
  plan: VideoPlan,
  tracks: readonly StoredTrack[],
  audio: StoredTrack | null,
  playlists: readonly Rendition[],
): EncodedFile {
  const text = ladderPlaylist({
    rungs: plan.rungs.map(({ width, height }, at) => ({
      uri: siblingReference(must(playlists[at])),
      width,
      height,
      track: must(tracks[at]),
    })),
    audio: audio && { uri: siblingReference(must(playlists.at(-1))), track: audio },
    fps: plan.fps,
  })
  return {
    name: 'master.m3u8',
    type: mediaTypes.m3u8,
    width: plan.width,
    height: plan.height,
    alt: altOf(input.version, altPlaces.master),
    data: new TextEncoder().encode(text),
  }
}
