import type { Edits } from './edits.ts'
import type { ErrorCode } from './errors.ts'
import type { Loss } from './losses.ts'
import type { Loudness } from './loudness.ts'
import type { MediaId } from './ids.ts'
import type { SoundTitle } from './sounds.ts'

export type MediaKind = 'image' | 'video'

/** The outcome so far, as an app sees it. `ready`, `rejected`, `failed` and `erased` are final. */
export type MediaState = 'processing' | 'playable' | 'ready' | 'rejected' | 'failed' | 'erased'

/** The step of the ingest or erase workflow an item is in, as an operator sees it. */
export type Stage = 'received' | 'admit' | 'develop' | 'publish' | 'invalidate' | 'announce' | 'discard' | 'erase' | 'done'

/** How far a stage is: chunks, renditions or bytes done of all. */
export interface Progress {
  readonly done: number
  readonly total: number
  readonly unit: 'renditions' | 'chunks' | 'steps'
}

/** Where a needle lies. The needle's key is the media id. Cookie: 16 lower-case hex digits (64 bits). */
export interface Locator {
  readonly volume: number
  readonly alt: number
  readonly cookie: string
}

/** What is true of every stored, publicly served file of an item. */
export interface StoredFile {
  /** File name in the URL, unique within the item, with an extension of {@link mediaTypes}. */
  readonly name: string
  readonly type: string
  readonly bytes: number
  readonly locator: Locator
}

/** A frame that needs no other, as a range of its segment: its fragment's header and itself. */
export interface Keyframe {
  readonly offset: number
  readonly bytes: number
  /** Until the next one. */
  readonly durationSeconds: number
}

export interface Rendition extends StoredFile {
  readonly width: number
  readonly height: number
  /** Time that scaling and encoding it took, in whole milliseconds. */
  readonly encodeMs?: number
}

/** Extension to media type: the only types the origin ever answers with, none of them active content. */
export const mediaTypes = {
  jpg: 'image/jpeg',
  webp: 'image/webp',
  avif: 'image/avif',
  mp4: 'video/mp4',
  m4s: 'video/iso.segment',
  m4a: 'audio/mp4',
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  vtt: 'text/vtt',
} as const
export type FileExtension = keyof typeof mediaTypes

export interface PaletteColour {
  /** sRGB, `#rrggbb`. */
  readonly colour: string
  /** Of the picture's area, 0..1. */
  readonly share: number
}

/** What is told of a picture's looks, for places where it is not there yet or not shown whole. */
export interface Appearance {
  /** Base64 of a thumbhash: placeholder, aspect ratio and transparency. */
  readonly thumbhash: string
  /** At most five, the largest share first. */
  readonly palette: readonly PaletteColour[]
  /** Where one looks first, in shares of the sides: what a crop of another shape should keep. */
  readonly focus: { readonly x: number; readonly y: number }
}

/** Captions in a language, BCP 47, `und` where the source does not say. */
export interface CaptionsFile {
  readonly language: string
  /** Within renditions. */
  readonly name: string
  /** What a player's menu shows. */
  readonly label: string
}

/** What a finished item offers; the catalog's manifest column. Private facts are never in here. */
export interface Manifest extends Partial<Appearance> {
  readonly kind: MediaKind
  readonly version: number
  readonly width: number
  readonly height: number
  readonly blurhash: string
  readonly durationMs?: number
  /** Files an app links to: an image's ladder; a video's rung playlists and its poster. */
  readonly renditions: readonly Rendition[]
  /** Files reached through others only: init and media segments. */
  readonly parts: readonly StoredFile[]
  /** Names within renditions. */
  readonly hls?: string
  readonly dash?: string
  /** One file with picture and sound, for players that know neither. */
  readonly mp4?: string
  readonly poster?: string
  /** The index, WebVTT; its sheet is among the parts. */
  readonly storyboard?: string
  readonly captions?: readonly CaptionsFile[]
  /** By how much captions come later than on the clock of the upload: less than nothing where its beginning was cut off. */
  readonly captionsOffsetMs?: number
  /** How often captions were changed after the film was finished, and how many were stored in all. */
  readonly captionChanges?: { readonly revision: number; readonly stored: number }
  /** Where there is more than one to choose from; the first is what is heard. */
  readonly sounds?: readonly SoundTitle[]
  /** Encoded at higher effort after it had been ready. */
  readonly enhanced?: true
  /** Segments are encrypted: played through a signed address. */
  readonly protection?: 'aes-128'
  /** Where the source says so of itself: what a platform has to label. */
  readonly madeWithAi?: true
  /** What moves of a picture. */
  readonly motion?: Motion
  /** What of the upload its renditions do not show; absent where that is nothing. */
  readonly losses?: readonly Loss[]
}

/** The moving part of a picture, an MP4 beside its stills. */
export interface Motion {
  /**
   * An animation is played over and over in the still's place, without sound; a clip was taken beside the photo and is
   * played when it is asked for, with its sound.
   */
  readonly kind: 'animation' | 'clip'
  /** Among the renditions. */
  readonly name: string
  readonly durationMs: number
  /** Times that it is meant to be played; 0 is for ever. */
  readonly loops: number
}

/** What the camera told us. Lives in the catalog, visible to the tenant's API only, never in a rendition. */
export interface PrivateFacts {
  readonly takenAt?: string
  readonly camera?: string
  readonly latitude?: number
  readonly longitude?: number
  readonly orientation?: number
  readonly software?: string
  /** Who made the picture and whose it is, in their own words. Written into renditions where the preset says so. */
  readonly creator?: string
  readonly copyright?: string
  readonly madeWithAi?: true
  /** Of a film's sound, as it came, and by how much it was changed. */
  readonly loudness?: Loudness
}

export interface ItemError {
  readonly code: ErrorCode
  readonly title: string
  /** What is wrong with this very file, where more is known than the title says. Only of what was rejected. */
  readonly detail?: string
}

/**
 * The files of an item that can be linked to: of an encrypted one not its playlists, which find a key only where an
 * address is signed.
 */
export function openRenditions({ renditions, protection }: Pick<Manifest, 'renditions' | 'protection'>): readonly Rendition[] {
  return protection === undefined ? renditions : renditions.filter(({ type }) => type !== mediaTypes.m3u8)
}

/** A row of the catalog. */
export interface MediaRow {
  readonly id: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly state: MediaState
  readonly stage: Stage
  readonly progress?: Progress
  readonly version: number
  /** Grows with every change of the row; SSE's event id. */
  readonly revision: number
  readonly preset: string
  readonly filter: string | null
  readonly edits?: Edits
  readonly sourceType: string
  readonly sourceBytes: number
  readonly sourceSha256: string
  readonly manifest?: Manifest
  readonly error?: ItemError
  readonly createdAt: Date
}

/** The appearance alone of whatever has one; items of earlier releases have none. */
export function appearanceIn({ thumbhash, palette, focus }: Partial<Appearance>): Partial<Appearance> {
  return {
    ...(thumbhash === undefined ? {} : { thumbhash }),
    ...(palette === undefined ? {} : { palette }),
    ...(focus === undefined ? {} : { focus }),
  }
}

/** Key of an item's original among the objects. */
export function originalKey(id: MediaId): string {
  return `originals/${id}`
}

/** Key of the copy that is worked from where an upload's container cannot be sought in exactly; it lives as long as the original. */
export function remuxedKey(id: MediaId): string {
  return `remuxed/${id}`
}

/** The one workflow that may bring a version of an item in: its id is the idempotency key. */
export function ingestWorkflowId({ tenant, id, version }: Pick<MediaRow, 'tenant' | 'id' | 'version'>): string {
  return version === 1 ? `ingest:${tenant}:${id}` : `ingest:${tenant}:${id}:${version}`
}

/** One run at a time makes a set of variants: whoever asks meanwhile waits for it. */
export function variantsWorkflowId(id: MediaId, version: number, names: readonly string[]): string {
  return `variants:${id}.${version}:${names.length === 1 ? names[0] : `${names.length} from ${names[0]}`}`
}

export function enhanceWorkflowId(tenant: string, id: MediaId, version: number): string {
  return `enhance:${tenant}:${id}:${version}`
}

/** One run at a time: what is given meanwhile is signalled to it. */
export function captionsWorkflowId(tenant: string, id: MediaId): string {
  return `captions:${tenant}:${id}`
}

export function eraseWorkflowId(tenant: string, id: MediaId): string {
  return `erase:${tenant}:${id}`
}

/** Where all captions of an item lie among the objects. */
export function captionsPrefix(id: MediaId): string {
  return `captions/${id}/`
}

/** Key of captions as WebVTT: on the clock of the uploaded film, from its first frame on. `found`: within the upload. */
export function captionsKey(id: MediaId, language: string, origin: 'given' | 'found'): string {
  return `${captionsPrefix(id)}${language}.${origin}`
}
