/**
 * What the folders need of one another, given at construction. Contract suites in tests/contract run
 * over every implementation of a port. All of them throw MediaError for the world's errors.
 */
import type { BacklogView } from './backlog.ts'
import type { Complexity } from './complexity.ts'
import type { DevelopedImage, EncodedFile } from './developed.ts'
import type { Packet } from './copy-gate.ts'
import type { Edits } from './edits.ts'
import type { ErrorCode } from './errors.ts'
import type { CloudEvent, EventData, OutboxEvent } from './events.ts'
import type { LikenessStore } from './fingerprint.ts'
import type { MediaId } from './ids.ts'
import type { ItemError, Locator, Manifest, MediaKind, MediaRow, PrivateFacts, Progress, Rendition, Stage } from './media.ts'
import type { MeasuredLoudness } from './loudness.ts'
import type { ImagePlan, ImageProbe, PlannedChunk, SourceType, VideoPlan, VideoProbe } from './plans.ts'
import type { EncodedRung, EncodedTrack } from './encoded.ts'
import type { Storyboard } from './storyboard.ts'
import type { Variant } from './variant.ts'
import type { ScrubBook, VolumeBooks, VolumeDirectory } from './volume-ports.ts'

// ---- objects ----

export type { ByteRange, ComposeOptions, ObjectPiece, ObjectStore } from './object-ports.ts'

// ---- blob store ----

export interface NeedleInput {
  readonly key: bigint
  readonly alt: number
  readonly data: Uint8Array
}

export interface BlobRead {
  /** The needle's data, CRC-checked. */
  readonly data: Uint8Array
  /** CRC-32 of data, for a strong validator. */
  readonly crc: number
  /** Where the data was lent: says that nobody looks at it any more, so that its memory is read into again. Once. */
  release?(): void
}

export interface BlobReadOptions {
  /** The data need not be the caller's own: it may lie in memory that {@link BlobRead.release} gives back, and saves a copy. */
  readonly lend?: boolean
}

/** Packed small blobs. Backends: memory, file, object. */
export interface BlobStore {
  /**
   * Stores a batch contiguously in one open volume with one durable acknowledgement; locators in input
   * order. The same key and alt in the same volume: the last one wins. The data is the caller's again when it returns. STORAGE_FULL, VOLUME_FENCED.
   */
  append(batch: readonly NeedleInput[]): Promise<Locator[]>
  /** BLOB_NOT_FOUND (also for a wrong cookie), MEDIA_ERASED (tombstone), VERSION_REPLACED (tombstone of its version), BLOB_CORRUPT. */
  read(key: bigint, locator: Locator, options?: BlobReadOptions): Promise<BlobRead>
  /** A durable tombstone for all of the key's needles in the volume, or for those of one `version` of it (their alternate key's upper 8 bits). Idempotent. */
  delete(key: bigint, volume: number, version?: number): Promise<void>
  close(): Promise<void>
}

/**
 * Told before needles of a key go into a volume, and of how many bytes they take there, so that an erase finds every place
 * even when the writer dies in between, and what it frees is known. Throws MEDIA_ERASED to refuse a write for an erased item.
 */
export interface PlacementLog {
  place(key: bigint, volume: number, bytes: number): Promise<void>
}

// ---- catalog ----

export interface NewMedia {
  readonly id: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly preset: string
  readonly filter: string | null
  readonly edits?: Edits
  readonly sourceType: SourceType
  readonly sourceBytes: number
  readonly sourceSha256: string
}

export interface TenantStore {
  /** Tenant of an API key's SHA-256 (hex), or null. */
  tenantOfKey(keySha256: string): Promise<string | null>
  /** Idempotent. */
  addKey(tenant: string, keySha256: string): Promise<void>
}

/** What a tenant has stored, and may store. Of all tenants together where `tenant` is null. */
export interface SpaceRow {
  readonly tenant: string | null
  readonly bytes: number
  /** Null: no quota. */
  readonly bytesMax: number | null
}

/** Space that tenants take: originals as they are accepted, renditions as they are published; given back when they are erased. */
export interface SpaceStore {
  /** Room for bytes that are about to come; null where there is no quota to keep. QUOTA_EXCEEDED. */
  reserve(tenant: string, bytes: number): Promise<number | null>
  /** Idempotent. */
  release(reservation: number): Promise<void>
  /** Of a tenant, or with null of all together; `bytesMax` null takes it away. */
  setQuota(tenant: string | null, bytesMax: number | null): Promise<void>
  /** Of a tenant, or with null of all together; no bytes and no bound where it has stored nothing and has no quota. */
  space(tenant: string | null): Promise<SpaceRow>
  /** Of every tenant that has stored something or has a quota, and of all together: these first, then by name; at most `limit`, after the one given. */
  spaces(limit: number, after?: string | null): Promise<SpaceRow[]>
}

export interface MediaStore {
  /** Commits the media row, in place of the room reserved for it; durable when it returns. Idempotent by id. */
  accept(media: NewMedia, reservation?: number | null): Promise<void>
  get(id: MediaId): Promise<MediaRow | null>
  /** Newest first; only those older than `before` where it is given. */
  recent(tenant: string, limit: number, before?: MediaId | null): Promise<MediaRow[]>
  /** Accepted at least `olderThanMs` ago and not marked started: the reconciler's work. */
  unstarted(olderThanMs: number, limit: number): Promise<MediaRow[]>
  markStarted(id: MediaId): Promise<void>
  /** Those of `ids` that have a row. */
  known(ids: readonly MediaId[]): Promise<MediaId[]>
  /** A failed item is to be brought in again, as its next version: processing and not started. MEDIA_NOT_FAILED, MEDIA_NOT_FOUND. */
  retry(id: MediaId): Promise<void>
  /**
   * Started but not settled, and not looked at for `notSeenMs`: whether their workflows still run has to be asked.
   * What is given counts as looked at, so that several who ask share the work.
   */
  unsettled(notSeenMs: number, limit: number): Promise<MediaRow[]>
  /**
   * Erasures that began at least `olderThanMs` ago and are not settled: their workflows may have to be begun anew. Those that were not
   * given for longest come first, so that none waits for others that cannot be settled.
   */
  unerased(olderThanMs: number, limit: number): Promise<MediaRow[]>
  /** No effect on rows in a final state. */
  setStage(id: MediaId, stage: Stage, progress?: Progress): Promise<void>
  /** Manifest, private facts and fingerprint of a version; not yet visible as ready. MEDIA_ERASED. */
  publish(id: MediaId, manifest: Manifest, facts: PrivateFacts, fingerprint?: string): Promise<void>
  /**
   * Another manifest for a ready item, of the version that it has and made from the captions of that revision. False when
   * it is not ready, or has another version or revision by now.
   */
  amend(id: MediaId, manifest: Manifest, revision: number): Promise<boolean>
  /** State and its event in one transaction; idempotent. MEDIA_ERASED for any state but erased once erasure began. */
  settle(id: MediaId, outcome: Outcome): Promise<void>
  /** State erased, fences placements, adds to the erasure feed; idempotent. Manifest and private facts are dropped. */
  beginErase(id: MediaId): Promise<void>
  facts(id: MediaId): Promise<PrivateFacts | null>
  /** Files that an erased item had, some of those that edges are likely to hold: none any more once its receipt is written. */
  witnesses(id: MediaId): Promise<Witness[]>
}

/** Where a file of an erased item was. */
export interface Witness {
  readonly version: number
  readonly name: string
  readonly locator: Locator
}

export type Outcome =
  /** Not final: the item can be played while the rest is made. */
  | { readonly state: 'playable'; readonly event: EventData }
  | { readonly state: 'ready'; readonly event: EventData }
  | { readonly state: 'rejected' | 'failed'; readonly error: ItemError; readonly event: EventData }
  | { readonly state: 'erased'; readonly event: EventData }

/** Which volumes hold needles of an item. */
export interface PlacementStore extends PlacementLog {
  placements(id: MediaId): Promise<number[]>
  /** In the volumes named, where the item's needles have been deleted. */
  forgetPlacements(id: MediaId, volumes: readonly number[]): Promise<void>
}

/** Results of finished sub-steps (chunks), so that a retry does not do them again; counts attempts. */
export interface CheckpointStore {
  /** Counts an attempt, unless the step was finished before: then its result. */
  begin(id: MediaId, version: number, step: string): Promise<{ readonly attempt: number; readonly result?: unknown }>
  finish(id: MediaId, version: number, step: string, result: unknown): Promise<void>
  /** The result of a finished step, counting nothing; undefined when it is not finished. */
  finished(id: MediaId, version: number, step: string): Promise<unknown>
  /** Names of the steps that are finished. */
  finishedSteps(id: MediaId, version: number): Promise<string[]>
  attempts(id: MediaId, version: number): Promise<{ readonly step: string; readonly attempts: number }[]>
  forgetCheckpoints(id: MediaId): Promise<void>
}

/** Renditions that were asked for by their address, of one version each. */
export interface VariantStore {
  /** The file of a variant, or null while it has not been made. */
  variant(id: MediaId, version: number, name: string): Promise<Rendition | null>
  /**
   * Gives each name a place of its own among the version's needles, the same when asked again.
   * VARIANTS_TOO_MANY, MEDIA_ERASED, MEDIA_NOT_FOUND also where the version is not the current one.
   */
  reserveVariants(id: MediaId, version: number, names: readonly string[]): Promise<ReservedVariant[]>
  /** MEDIA_ERASED: then nobody may find them, and their needles have to go. */
  keepVariants(id: MediaId, version: number, files: readonly Rendition[]): Promise<void>
  forgetVariants(id: MediaId): Promise<void>
}

/** A version of an item that a later one has taken the place of. */
export interface ReplacedVersion {
  readonly id: MediaId
  readonly version: number
}

/** What became of the versions that were due. */
export interface Retired {
  /** Those that no volume gives any more. */
  readonly versions: readonly ReplacedVersion[]
  /** Volumes that took no tombstone, whose versions are due again at the next run. */
  readonly troubles: readonly { readonly volume: number; readonly code: ErrorCode }[]
}

/** Versions that were replaced, from then until their files are taken away. */
export interface ReplacedStore {
  /** Of ready items, replaced at least `olderThanMs` ago, the longest first. */
  replaced(olderThanMs: number, limit: number): Promise<ReplacedVersion[]>
  /** Their needles are gone: with them what is known of the version's variants. Idempotent. */
  forgetReplaced(version: ReplacedVersion): Promise<void>
}

export interface ReservedVariant {
  readonly name: string
  readonly place: number
  readonly file: Rendition | null
}

/** Has variants made by whoever may decode. */
export interface VariantMaker {
  /** Returns when they are there, however many ask at once for one. VARIANTS_BUSY after limits.variantWaitMsMax; what making them fails with. */
  make(row: MediaRow, variants: readonly Variant[]): Promise<void>
}

export interface Outbox {
  /** Not yet relayed, in order. */
  pending(limit: number): Promise<OutboxEvent[]>
  markRelayed(sequences: readonly number[]): Promise<void>
  eventsOf(id: MediaId): Promise<OutboxEvent[]>
}

/** Erased items in the order of their erasure: an origin follows it and refuses them. */
export interface ErasureFeed {
  after(position: number, limit: number): Promise<{ readonly position: number; readonly id: MediaId }[]>
}

export type CatalogSignal = { readonly kind: 'media'; readonly id: MediaId } | { readonly kind: 'outbox' } | { readonly kind: 'erasure' }

export interface Catalog
  extends TenantStore,
    BacklogView,
    SpaceStore,
    MediaStore,
    LikenessStore,
    PlacementStore,
    CheckpointStore,
    VariantStore,
    ReplacedStore,
    Outbox,
    ErasureFeed,
    VolumeDirectory,
    VolumeBooks,
    ScrubBook {
  /** Pushes of changes (a hint: readers also poll). Returns the unsubscriber. */
  onSignal(listener: (signal: CatalogSignal) => void): () => void
  /** Throws CATALOG_UNAVAILABLE. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** What an origin asks about items whose files have no final address yet: the alias path's only source. */
export interface CurrentFiles {
  get(id: MediaId): Promise<MediaRow | null>
  finished(id: MediaId, version: number, step: string): Promise<unknown>
}

/** What may be asked of the workflow engine. */
export interface WorkflowWatch {
  /** `unknown`: it never was, or ended so long ago that it is forgotten. */
  look(workflowId: string): Promise<'running' | 'ended' | 'unknown'>
}

// ---- media ----

export type { EncodedFile } from './developed.ts'

/** The memory of the files that it makes is the caller's alone. */
export interface ImageStudio {
  /** From the header alone. MEDIA_CORRUPT, MEDIA_TYPE_UNSUPPORTED, MEDIA_TOO_MANY_PIXELS, MEDIA_TOO_COSTLY. */
  probe(bytes: Uint8Array, type: SourceType): Promise<ImageProbe>
  /** One decode in a killable child: every rendition, blurhash and what else is told of its looks, fingerprint before any filter, private facts. MEDIA_CORRUPT, MEDIA_TOO_COSTLY, WORKER_LOST. */
  develop(
    bytes: Uint8Array,
    plan: ImagePlan,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
  ): Promise<DevelopedImage>
  /** The renditions and nothing else, as `develop` makes them: nobody asks again what is known of the picture. */
  render(bytes: Uint8Array, plan: ImagePlan, options: { readonly signal?: AbortSignal }): Promise<EncodedFile[]>
  /** Decodes an animation in a killable child into a file of bare frames, each as long as it is shown. MEDIA_CORRUPT, MEDIA_TOO_COSTLY, WORKER_LOST. */
  unroll(bytes: Uint8Array, file: string, options: { readonly signal?: AbortSignal }): Promise<void>
  close(): Promise<void>
}

/** `source`: a path or URL of ObjectStore.locate. Everything runs ffmpeg in killable children. */
export interface VideoStudio {
  /**
   * MEDIA_CORRUPT, MEDIA_NO_VIDEO, MEDIA_TOO_LONG, MEDIA_TOO_MANY_PIXELS, MEDIA_TYPE_UNSUPPORTED.
   * Not `seekable`: the file has to be remuxed and the copy probed; until then its length is not known (0).
   */
  probe(source: string, type: SourceType): Promise<ProbedVideo>
  /** The same streams, not encoded anew, in a container that has an index. `deliver` is given the copy, which is gone when it has returned. */
  remux(
    source: string,
    type: SourceType,
    probe: VideoProbe,
    deliver: (file: string) => Promise<void>,
    options: EncodeOptions,
  ): Promise<{ readonly type: SourceType }>
  /** What trials on a few samples tell of the picture; null where the video is too short or too small for that. The plan is one without it. */
  complexity(source: string, plan: VideoPlan, options: EncodeOptions): Promise<Complexity | null>
  /** The whole ladder of one chunk from one decode. Segment data starts with its moof; `init` (ftyp+moov) is the same for every chunk of a rung. */
  encodeChunk(source: string, plan: VideoPlan, chunk: PlannedChunk, options: EncodeOptions): Promise<EncodedRung[]>
  /** The whole audio track, once. */
  encodeAudio(source: string, plan: VideoPlan, options: EncodeAudioOptions): Promise<EncodedTrack>
  /** How loud the sound is, from all over it; null where there is none to be heard. */
  measureLoudness(source: string, plan: VideoPlan, options: EncodeOptions): Promise<MeasuredLoudness | null>
  /** The picture's packets in the order of decoding, for a decision on copying them; null where they are too many to list. */
  packets(source: string, probe: VideoProbe): Promise<Packet[] | null>
  /** The plan's text tracks as WebVTT on the source's clock, in their order; empty where nothing could be read. */
  captions(source: string, plan: VideoPlan, options: EncodeOptions): Promise<string[]>
  /** A storyboard's sheet as JPEG; null where no frame can be decoded. */
  storyboard(source: string, plan: VideoPlan, board: Storyboard, options: EncodeOptions): Promise<Uint8Array | null>
  /**
   * One small MP4, whole, of the plan's first rung and with the plan's sound: what an animation or a photo's clip
   * becomes. `source` may also be what lays the file down where it is told.
   */
  clip(source: string | ((file: string) => Promise<void>), plan: VideoPlan, options: EncodeOptions): Promise<Uint8Array>
  /** One decoded frame as PNG, for the image studio to make the poster of. */
  poster(source: string, plan: VideoPlan, options: EncodeOptions): Promise<Uint8Array>
}

export interface ProbedVideo {
  readonly probe: VideoProbe
  readonly facts: PrivateFacts
  readonly seekable: boolean
}

export interface EncodeOptions {
  readonly signal?: AbortSignal
  /** Called often; `fraction` 0..1. */
  readonly onProgress?: (fraction: number) => void
}

export interface EncodeAudioOptions extends EncodeOptions {
  /** Ends there, with as many of the whole track's first segments as are complete by then. */
  readonly untilSeconds?: number
  /** By how much it is made louder, and the peak that it never exceeds; as it is unless given. */
  readonly gainDb?: number
  readonly peakDb?: number
}

// ---- events and edges ----

export interface EventSink {
  /** Durably published when it returns; at least once. STORAGE_UNAVAILABLE. */
  publish(events: readonly CloudEvent[]): Promise<void>
  close(): Promise<void>
}

/** One CDN. Tags: `[a-z0-9-]{1,128}`. */
export interface EdgePurger {
  readonly name: string
  /** Returns when nothing stored under the tag will be served again. EDGE_UNAVAILABLE. */
  purge(tag: string): Promise<void>
}
