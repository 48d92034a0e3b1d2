import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredFile } from '../../../domain/media.ts'
import type { VideoPlan } from '../../../domain/plans.ts'
import type { EncodedTrack } from '../../../domain/encoded.ts'
import type { VideoStudio } from '../../../domain/ports.ts'
import { soundName, soundTitles, withSound } from '../../../domain/sounds.ts'
import type { StoredTrack } from '../../../domain/video-pieces.ts'
import { dashOf, keyframePlaylist, ladderPlaylist, trackPlaylist } from '../../../domain/video-playlists.ts'

const byName = ({ name }: StoredFile) => name

/**
 * Encodes a clip in the plan's chunks and lays segments, playlists and manifest into a folder, as an origin would
 * serve them: `master.m3u8` and `manifest.mpd`.
 */
export async function layVideo(studio: VideoStudio, clip: string, plan: VideoPlan, folder: string): Promise<void> {
  const chunks = []
  for (const chunk of plan.chunks) chunks.push(await studio.encodeChunk(clip, plan, chunk, {}))
  const sounds = []
  for (const [at, title] of soundTitles(plan).entries())
    sounds.push({ title, track: await layTrack(folder, soundName(at), [await studio.encodeAudio(clip, withSound(plan, at), {})]) })
  const ladder = []
  for (const { index, name, width, height } of plan.rungs) {
    const parts = chunks.map((rungs) => rungs.find(({ rung }) => rung === index)).filter((part) => part !== undefined)
    ladder.push({ name, width, height, track: await layTrack(folder, name, parts) })
  }
  const lay = async (name: string, text: string) => await writeFile(join(folder, name), text)
  for (const { name, track } of ladder) {
    await lay(`${name}.m3u8`, trackPlaylist(track, byName))
    await lay(`${name}-iframes.m3u8`, keyframePlaylist(track, byName) ?? '')
  }
  for (const [at, { track }] of sounds.entries()) await lay(`${soundName(at)}.m3u8`, trackPlaylist(track, byName))
  const rungs = ladder.map((rung) => ({ ...rung, uri: `${rung.name}.m3u8`, iframesUri: `${rung.name}-iframes.m3u8` }))
  const { fps, durationMs } = plan
  await lay('master.m3u8', ladderPlaylist({ rungs, sounds: sounds.map((sound, at) => ({ ...sound, uri: `${soundName(at)}.m3u8` })), fps }))
  await lay('manifest.mpd', dashOf({ rungs: ladder, sounds, fps, durationMs, reference: byName }))
}

async function layTrack(folder: string, name: string, parts: readonly EncodedTrack[]): Promise<StoredTrack> {
  const [first] = parts
  if (!first) throw new Error(`${name} has no part`)
  const lay = async (file: string, type: string, data: Uint8Array): Promise<StoredFile> => {
    await writeFile(join(folder, file), data)
    return { name: file, type, bytes: data.byteLength, locator: { volume: 1, alt: 1, cookie: '0'.repeat(16) } }
  }
  const segments = []
  for (const [at, { data, ...lengths }] of parts.flatMap((part) => part.segments).entries())
    segments.push({ ...(await lay(`${name}-${at}.m4s`, 'video/iso.segment', data)), ...lengths })
  return { init: await lay(`${name}-init.mp4`, 'video/mp4', first.init), segments, codecs: first.codecs }
}
