import { altOf, altPlaces } from '../domain/alt.ts'
import { siblingReference } from '../cdn/url.ts'
import { masterPlaylist, measureBandwidth, mediaPlaylist } from '../domain/hls.ts'
import { mediaTypes, type Rendition } from '../domain/media.ts'
import { planVideo } from '../domain/plan-video.ts'
import type { VideoPlan, VideoProbe } from '../domain/plans.ts'
import type { BlobStore, CheckpointStore, EncodedFile, MediaStore } from '../domain/ports.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'
import { must, saveDraft, storeFiles } from './draft.ts'
import { withHeartbeat } from './heartbeat.ts'
import { videoSteps, type StoredChunk, type StoredTrack } from './video-steps.ts'

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
      const tracks = plan.rungs.map((rung) => joinChunks(chunks, rung.index))
      const playlists = await storeFiles(blobs, input, [
        ...plan.rungs.map((rung, at) =>
          playlistFile(`${rung.name}.m3u8`, altOf(input.version, altPlaces.playlist(rung.index)), must(tracks[at]), rung),
        ),
        ...(audio ? [playlistFile('audio.m3u8', altOf(input.version, altPlaces.audioPlaylist), audio, { width: 0, height: 0 })] : []),
      ])
      const master = await storeFiles(blobs, input, [masterFile(input, plan, tracks, audio, playlists, probe)])
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

/** One track of all chunks' segments behind the first chunk's init. Chunks whose inits differ are a bug. */
function joinChunks(chunks: readonly StoredChunk[], rung: number): StoredTrack {
  const pieces = chunks.map((chunk) => must(chunk.rungs.find((candidate) => candidate.rung === rung)))
  const first = must(pieces[0])
  for (const piece of pieces)
    if (piece.initSha256 !== first.initSha256) throw new Error(`rung ${rung}: chunks do not share one init segment`)
  return { init: must(first.init), segments: pieces.flatMap((piece) => piece.segments), codecs: first.codecs }
}

function playlistFile(
  name: string,
  alt: number,
  track: StoredTrack,
  size: { readonly width: number; readonly height: number },
): EncodedFile {
  const text = mediaPlaylist({
    initUri: siblingReference(track.init),
    segments: track.segments.map((segment) => ({ uri: siblingReference(segment), durationSeconds: segment.durationSeconds })),
  })
  return { name, type: mediaTypes.m3u8, width: size.width, height: size.height, alt, data: new TextEncoder().encode(text) }
}

function masterFile(
  input: IngestInput,
  plan: VideoPlan,
  tracks: readonly StoredTrack[],
  audio: StoredTrack | null,
  playlists: readonly Rendition[],
  probe: VideoProbe,
): EncodedFile {
  const sound = audio ? measureBandwidth(audio.segments) : { bandwidth: 0, averageBandwidth: 0 }
  const text = masterPlaylist({
    rungs: plan.rungs.map((rung, at) => {
      const track = must(tracks[at])
      const picture = measureBandwidth(track.segments)
      return {
        uri: siblingReference(must(playlists[at])),
        width: rung.width,
        height: rung.height,
        fps: plan.fps,
        codecs: audio ? `${track.codecs},${audio.codecs}` : track.codecs,
        bandwidth: picture.bandwidth + sound.bandwidth,
        averageBandwidth: picture.averageBandwidth + sound.averageBandwidth,
      }
    }),
    ...(audio && probe.audio ? { audio: { uri: siblingReference(must(playlists.at(-1))), channels: 2 } } : {}),
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
