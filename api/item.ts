import type { MediaId } from '../domain/ids.ts'
import { lossesIn, type ToldLoss } from '../domain/losses.ts'
import {
  type Appearance,
  appearanceIn,
  eraseWorkflowId,
  type ItemError,
  ingestWorkflowId,
  type MediaKind,
  type MediaRow,
  type MediaState,
  type Motion,
  openRenditions,
  type Progress,
  type Stage,
  type StoredFile,
} from '../domain/media.ts'
import type { SoundTitle } from '../domain/sounds.ts'

/** Where a stored file is served from. */
export interface FileUrls {
  fileUrl(id: MediaId, version: number, file: StoredFile): string
  aliasUrl(row: Pick<MediaRow, 'id' | 'sourceSha256'>, name: string): string
  /** Signed, for an encrypted item's playlist; null where there is no secret to sign with. */
  protectedUrl?(id: MediaId, version: number, name: string): string | null
  /** What requests of variants are appended to. */
  variantsUrl(row: Pick<MediaRow, 'id' | 'sourceSha256'>): string
  /** Sizes that variants may be asked for in without a grant: `800`, `300x300`. */
  readonly variantSizes: readonly string[]
}

export interface ItemRendition {
  readonly name: string
  readonly url: string
  readonly type: string
  readonly width: number
  readonly height: number
  readonly bytes: number
  /** Time that making it took, where it was measured. */
  readonly encodeMs?: number
}

/** The moving part of a picture. */
export interface ItemMotion {
  readonly kind: Motion['kind']
  readonly url: string
  readonly durationMs: number
  /** Times that it is meant to be played; 0 is for ever. */
  readonly loops: number
}

/** A media item as the API tells of it. */
export interface Item extends Partial<Appearance> {
  readonly id: MediaId
  readonly kind: MediaKind
  readonly state: MediaState
  readonly error?: ItemError
  /** Null until it is known, as are the sizes. */
  readonly blurhash: string | null
  readonly width: number | null
  readonly height: number | null
  readonly durationMs?: number
  /** Empty until the item can be shown. An encrypted video's playlists are not among them: only `hls` finds the key. */
  readonly renditions: readonly ItemRendition[]
  /** Present once it was encoded again at higher effort. */
  readonly enhanced?: true
  /** Of a ready photo: append `w_800,f_auto` for a rendition of another size, made when it is first asked for. */
  readonly variants?: string
  /** Sizes that need no grant: `800` for `w_800`, `300x300` for `w_300,h_300`. */
  readonly variantSizes?: readonly string[]
  /** URL of the master playlist; of a playable item one that grows and leads to the finished one later. */
  readonly hls?: string
  /** URL of the DASH manifest. There is none of an encrypted video, whose `hls` is signed and ends. */
  readonly dash?: string
  /** URL of one MP4 file with picture and sound. */
  readonly mp4?: string
  /** URL of the poster. */
  readonly poster?: string
  readonly captions?: readonly { readonly language: string; readonly label: string; readonly url: string }[]
  /** Sounds that a player can choose from, where there are several; the first is what is heard. */
  readonly sounds?: readonly SoundTitle[]
  /** URL of the storyboard's WebVTT index. */
  readonly storyboard?: string
  /** Present where the source says so of itself, in IPTC's terms (XMP, C2PA). */
  readonly madeWithAi?: true
  /** What of the upload its renditions do not show, by name and in words; present where there is any. */
  readonly losses?: readonly ToldLoss[]
  /** An MP4 that is shown in the still's place. */
  readonly motion?: ItemMotion
  /** The workflow that an operator looks at: the erasure's once that began. */
  readonly workflowId: string
  readonly stage: Stage
  readonly progress?: Progress
  /** RFC 3339. */
  readonly createdAt: string
}

/**
 * The item of a row. A manifest that is stored before the item may be shown gives its placeholder and
 * sizes but no URLs; of an erased item nothing is told but that it was erased.
 */
export function toItem(row: MediaRow, urls: FileUrls): Item {
  const manifest = row.state === 'erased' ? undefined : row.manifest
  const shown = row.state === 'playable' || row.state === 'ready'
  const renditions =
    !manifest || !shown
      ? []
      : openRenditions(manifest).map((file) => ({
          name: file.name,
          url: urls.fileUrl(row.id, manifest.version, file),
          type: file.type,
          width: file.width,
          height: file.height,
          bytes: file.bytes,
          ...(file.encodeMs === undefined ? {} : { encodeMs: file.encodeMs }),
        }))
  const urlOf = (name: string | undefined) => renditions.find((rendition) => rendition.name === name)?.url
  // While chunks land, the playlist has no address that stays the same for ever.
  const hls = row.state === 'playable' ? urls.aliasUrl(row, 'master.m3u8') : (signedHls(row, urls) ?? urlOf(manifest?.hls))
  const dash = urlOf(manifest?.dash)
  const mp4 = urlOf(manifest?.mp4)
  const poster = urlOf(manifest?.poster)
  const captions = (manifest?.captions ?? []).flatMap(({ language, label, name }) => {
    const url = urlOf(name)
    return url === undefined ? [] : [{ language, label, url }]
  })
  const storyboard = urlOf(manifest?.storyboard)
  const motionUrl = urlOf(manifest?.motion?.name)
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    ...(row.error ? { error: row.error } : {}),
    blurhash: manifest?.blurhash ?? null,
    ...appearanceIn(manifest ?? {}),
    width: manifest?.width ?? null,
    height: manifest?.height ?? null,
    ...(manifest?.durationMs === undefined ? {} : { durationMs: manifest.durationMs }),
    renditions,
    ...(row.kind === 'image' && row.state === 'ready' ? { variants: urls.variantsUrl(row), variantSizes: urls.variantSizes } : {}),
    ...(hls === undefined ? {} : { hls }),
    ...(dash === undefined ? {} : { dash }),
    ...(mp4 === undefined ? {} : { mp4 }),
    ...(poster === undefined ? {} : { poster }),
    ...(captions.length === 0 ? {} : { captions }),
    ...(shown && manifest?.sounds ? { sounds: manifest.sounds } : {}),
    ...(storyboard === undefined ? {} : { storyboard }),
    ...(manifest?.motion && motionUrl !== undefined ? { motion: motionAt(manifest.motion, motionUrl) } : {}),
    ...(manifest ? lossesIn(manifest) : {}),
    ...(manifest?.enhanced ? ({ enhanced: true } as const) : {}),
    ...(manifest?.madeWithAi ? ({ madeWithAi: true } as const) : {}),
    workflowId: row.state === 'erased' ? eraseWorkflowId(row.tenant, row.id) : ingestWorkflowId(row),
    stage: row.stage,
    ...(row.progress ? { progress: { done: row.progress.done, total: row.progress.total, unit: row.progress.unit } } : {}),
    createdAt: row.createdAt.toISOString(),
  }
}

/** Of an encrypted video that is ready: its playlist by an address that ends. */
function signedHls({ id, state, manifest }: MediaRow, urls: FileUrls): string | undefined {
  if (state !== 'ready' || !manifest?.protection || manifest.hls === undefined) return undefined
  return urls.protectedUrl?.(id, manifest.version, manifest.hls) ?? undefined
}

function motionAt({ kind, durationMs, loops }: Motion, url: string): ItemMotion {
  return { kind, url, durationMs, loops }
}
