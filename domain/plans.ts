/** The types of what is decided before anything is rendered. The deciding is in plan-image.ts and plan-video.ts. */
import type { Complexity } from './complexity.ts'
import type { LoudnessTarget } from './loudness.ts'
import type { Edits, Look } from './edits.ts'
import type { Frame } from './framing.ts'

export type ImageFormat = 'jpeg' | 'webp' | 'avif'
export type ImageSourceType = 'image/jpeg' | 'image/png' | 'image/webp' | 'image/gif' | 'image/heic' | 'image/avif'
/** In the order in which the documentation names them. */
export const videoSourceTypes = ['video/mp4', 'video/quicktime', 'video/3gpp', 'video/webm', 'video/x-matroska', 'video/mp2t'] as const
export type VideoSourceType = (typeof videoSourceTypes)[number]
export type SourceType = ImageSourceType | VideoSourceType

/** What a preset asks for: one file each in domain/presets. */
export interface Preset {
  readonly name: string
  readonly image: {
    readonly widths: readonly number[]
    /** Whether JPEGs keep the gain map of a source that has one: 15 to 20% more bytes, for screens that go brighter than white. */
    readonly gainMap?: true
    /** Whether colours that sRGB does not have stay, in Display P3 with its profile. */
    readonly keepsP3?: true
    /** Whether who made the picture and whose it is, where it says so, is written into the renditions. */
    readonly keepsCopyright?: true
    /** `ssim`: what each file has to keep of the picture's structure; `quality` is then where the search begins. */
    readonly formats: readonly { readonly format: ImageFormat; readonly quality: number; readonly ssim?: number }[]
  }
  readonly video: {
    /** Heights are of the shorter display side, so portrait video gets the same quality as landscape. */
    readonly rungs: readonly { readonly shortSide: number; readonly crf: number; readonly maxKbps: number }[]
    /** Segments are encrypted, with a key of the item's own; then there is neither DASH nor one MP4, and no early playing. */
    readonly encryption?: 'aes-128'
    /** Rungs and rate factors are chosen for each title, and encoded with more effort; the ladder above is where that begins. */
    readonly byTitle?: true
    /** Larger rungs again in codecs that not every player knows: at a rate factor of their own scale and a share of the rate. */
    readonly newer?: readonly {
      readonly codec: NewerCodec
      readonly shortSideMin: number
      readonly crfMore: number
      readonly rateShare: number
      readonly keepsHdr?: true
    }[]
    /** The top rung is the source's own picture where that is fit to be given out: see copy-gate.ts. */
    readonly copiesTop?: boolean
    readonly fpsMax: number
    readonly gopSeconds: number
    readonly chunkSeconds: number
    readonly audioKbps: number
    /** How loud the sound is made; left out, it stays as it is. */
    readonly loudness?: LoudnessTarget
    readonly posterWidths: readonly number[]
    /** The largest rung that is given out as one MP4 file too; left out, none is. */
    readonly mp4ShortSideMax?: number
  }
}

/** A preset that uploads may name. */
export interface ListedPreset extends Preset {
  /** What it gives, in a sentence for whoever chooses one. */
  readonly summary: string
}

/** What an image's header says; sizes before orientation. Nothing has been decoded for it. */
export interface ImageProbe {
  readonly type: SourceType
  readonly width: number
  readonly height: number
  /** EXIF orientation 1..8. */
  readonly orientation: number
  readonly frames: number
  readonly hasAlpha: boolean
  /** Whether its decoder must hold the whole picture at once (progressive JPEG, interlaced PNG, WebP) or goes row by row. */
  readonly heldWhole: boolean
  /** Bytes that the decoder holds per pixel. */
  readonly decodeBytesPerPixel: number
  /** Where there is more than one frame. */
  readonly animation?: Animation
  /** Where in the file the clip lies that the camera took beside the photo. */
  readonly clip?: ByteSpan
}

/** From the first byte to before the last one. */
export interface ByteSpan {
  readonly start: number
  readonly end: number
}

/** What an animation's frames say of time, as browsers take it. */
export interface Animation {
  readonly durationMs: number
  /** Frames per second of a grid on which every frame begins, as nearly as it can be said; not below ten. */
  readonly fps: number
  /** Times that it is played; 0 is for ever. */
  readonly loops: number
}

export interface PlannedRendition {
  readonly name: string
  readonly width: number
  readonly height: number
  readonly format: ImageFormat
  /** Fixed, or where the search for `ssim` begins. */
  readonly quality: number
  readonly ssim?: number
  /** The part that is kept of the picture when it is scaled to `of`. */
  readonly cut?: { readonly of: { readonly width: number; readonly height: number }; readonly left: number; readonly top: number }
  /** On top of the plan's own. */
  readonly look?: Look
  readonly alt: number
}

/** Largest first; every size from one decode. Sizes after orientation. */
export interface ImagePlan {
  readonly width: number
  readonly height: number
  readonly filter: string | null
  readonly edits?: Edits
  /** Where only a part is shown, or it is turned; sizes are those of what is shown. */
  readonly frame?: Frame
  /** As much effort for each file as its bytes are worth when it is read often. */
  readonly effort?: 'high'
  /** Sizes that are gone through, largest first, but not encoded. */
  readonly via?: readonly { readonly width: number; readonly height: number }[]
  readonly renditions: readonly PlannedRendition[]
  /** JPEGs keep the source's gain map. */
  readonly gainMap?: true
  readonly keepsP3?: true
  readonly keepsCopyright?: true
}

/** How the source's colours are to be read when they are not BT.709 of limited range: full range, another matrix, or an HDR transfer. */
export type VideoColour = 'full' | 'bt601' | 'bt2020' | 'pq' | 'hlg'

/** What a rung may be encoded in besides H.264. */
export type NewerCodec = 'hevc' | 'av1'

/** How transparency comes out of the decoder: with the frames, or only from libvpx's (VP8 and VP9 keep it beside the picture). */
export type VideoAlpha = 'plain' | 'vpx8' | 'vpx9'

/** The screen that an HDR picture was made on, as it is coded: red, green, blue and white, x and y each; most and least light; the lightest pixel and frame. */
export interface Mastering {
  readonly primaries: readonly number[]
  readonly luminances: readonly number[]
  readonly light?: readonly number[]
}

/** What of a source is said again in its plan, since every step that opens the file has to know it. Each is left out where it is the usual. */
export interface SourceTraits {
  readonly colour?: VideoColour
  readonly interlaced?: boolean
  readonly alpha?: VideoAlpha
  /** The family of the container is Matroska's, not MP4's. */
  readonly matroska?: true
  /** The file to open is the item's remuxed copy: the upload itself cannot be sought in exactly. */
  readonly remuxed?: true
  /** The file is an animation: a GIF, a PNG, or its frames unrolled. */
  readonly frames?: 'gif' | 'apng' | 'raw'
  /** EXIF orientation 2..8 of an animation. */
  readonly orientation?: number
  readonly mastering?: Mastering
}

/** A text track of a source. */
export interface CaptionsTrack {
  readonly streamIndex: number
  /** BCP 47; `und` where the source does not say. One track for each language. */
  readonly language: string
}

/** Somebody who talks about the film, or tells what is to be seen. */
export type SoundAside = 'commentary' | 'description'

/** A sound of a source besides the one that a player would choose. */
export interface SoundTrack {
  readonly streamIndex: number
  /** BCP 47; `und` where the source does not say. */
  readonly language: string
  readonly aside?: SoundAside
}

/** What a video's container and streams say, as displayed: after rotation and sample aspect ratio. */
export interface VideoProbe extends SourceTraits {
  readonly durationMs: number
  readonly width: number
  readonly height: number
  readonly fps: number
  /** First presentation time of the video track in seconds; the GOP grid is anchored here. */
  readonly startSeconds: number
  readonly videoCodec: string
  readonly videoStreamIndex: number
  readonly audio: { readonly streamIndex: number; readonly codec: string; readonly channels: number; readonly language?: string } | null
  /** One for each language and kind that `audio` does not have. */
  readonly otherSounds?: readonly SoundTrack[]
  /** H.264 as players take it: upright, progressive, square, 8 bits, of a level that they know, in MP4. */
  readonly plainH264?: true
  /** Frames at which its closed groups begin, where it has been looked at and may be copied. */
  readonly keyframes?: readonly number[]
  readonly captions?: readonly CaptionsTrack[]
  /** The first chunk is one group of pictures, so that there is something to play at once. Said by admission: the plan of an item never changes. */
  readonly briefStart?: true
  /** Chunks are shorter towards the end. Said by admission: the plan of an item never changes. */
  readonly shortEnd?: true
  /** The last of them are single groups of pictures; those of earlier releases are two. Said by admission: the plan of an item never changes. */
  readonly groupEnd?: true
  /** No rung is larger than H.264's level 4.2 has it. Said by admission: the plan of an item never changes. */
  readonly withinLevel?: true
  /** How a ladder by title is encoded where no trials say it; not said by earlier releases. Said by admission: the plan of an item never changes. */
  readonly titleEffort?: 'high'
  /** Where the preset goes by title and the video is long enough to be looked at. */
  readonly complexity?: Complexity
}

export interface PlannedRung {
  /** For example `720p`. */
  readonly name: string
  readonly width: number
  readonly height: number
  readonly crf: number
  readonly maxKbps: number
  /** The source's own packets. */
  readonly copied?: true
  /** H.264 unless it is said. */
  readonly codec?: NewerCodec
  /** HDR as it came, in 10 bits and BT.2020; SDR unless it is said. */
  readonly range?: 'pq' | 'hlg'
  /** The encoder takes more time for fewer bytes: half as much again, or three times as much. */
  readonly effort?: 'fast' | 'high'
  /** Position in the ladder, 0 = largest; part of the needle's alternate key. */
  readonly index: number
}

export interface PlannedChunk {
  readonly index: number
  /** Presentation time in the source, seconds. */
  readonly startSeconds: number
  readonly durationSeconds: number
}

export interface VideoPlan extends SourceTraits {
  readonly width: number
  readonly height: number
  readonly durationMs: number
  readonly fps: number
  readonly gopFrames: number
  readonly rungs: readonly PlannedRung[]
  readonly chunks: readonly PlannedChunk[]
  readonly captions?: readonly CaptionsTrack[]
  /** Frames at which every rung has a keyframe, where the top one is copied; else they come every `gopFrames`. */
  readonly keyframes?: readonly number[]
  /** The first chunk begins within the source: what comes before it is not shown. */
  readonly inside?: true
  readonly audio: { readonly streamIndex: number; readonly kbps: number; readonly language?: string } | null
  readonly otherSounds?: readonly SoundTrack[]
  /** Presentation time in the source, seconds. */
  readonly posterSeconds: number
  readonly videoStreamIndex: number
  readonly filter: string | null
  readonly edits?: Edits
  /** Where only a part is shown, or it is turned; sizes are those of what is shown. */
  readonly frame?: Frame
  readonly posterPreset: string
}
