import type { ErrorCode } from './errors.ts'
import type { MediaId } from './ids.ts'
import type { ToldLoss } from './losses.ts'
import type { Appearance, MediaKind, Motion } from './media.ts'

/** What the outside world is told of an item. Bodies are described by JSON Schemas in events/schemas. */
export type EventType = 'media.playable' | 'media.ready' | 'media.rejected' | 'media.failed' | 'media.erased'

export interface EventRendition {
  readonly name: string
  readonly url: string
  readonly type: string
  readonly width: number
  readonly height: number
  readonly bytes: number
}

/** The moving part of a picture. */
export interface EventMotion {
  readonly kind: Motion['kind']
  readonly url: string
  readonly durationMs: number
  /** 0 is for ever. */
  readonly loops: number
}

export interface ReadyData extends Partial<Appearance> {
  readonly id: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly version: number
  readonly width: number
  readonly height: number
  readonly blurhash: string
  readonly durationMs?: number
  readonly renditions: readonly EventRendition[]
  /** Of an encrypted video there is none here: the API gives an address that is signed and ends. */
  readonly hls?: string
  readonly protection?: 'aes-128'
  readonly dash?: string
  readonly mp4?: string
  readonly poster?: string
  readonly motion?: EventMotion
  readonly losses?: readonly ToldLoss[]
}

export interface PlayableData extends Partial<Appearance> {
  readonly id: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly version: number
  readonly width: number
  readonly height: number
  readonly blurhash: string
  readonly durationMs: number
  /** A playlist that grows while the rest is encoded, and leads to the finished one afterwards. */
  readonly hls: string
  readonly poster: string
}

export interface RefusedData {
  readonly id: MediaId
  readonly tenant: string
  readonly kind: MediaKind
  readonly error: { readonly code: ErrorCode; readonly title: string }
}

export interface ErasedData {
  readonly id: MediaId
  readonly tenant: string
  /** When every edge was seen to refuse the item. */
  readonly verifiedAt: string
}

export type EventData = PlayableData | ReadyData | RefusedData | ErasedData

/** A row of the outbox: written in the same transaction as the change that it tells of. */
export interface OutboxEvent {
  /** Position in the outbox; events of one item are relayed in this order. */
  readonly sequence: number
  /** Deterministic: the same change never gets two ids, so consumers can drop duplicates. */
  readonly eventId: string
  readonly type: EventType
  readonly mediaId: MediaId
  readonly tenant: string
  readonly time: Date
  readonly data: EventData
}

/** CloudEvents 1.0 attributes plus data, as JSON. */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: EventType
  readonly subject: MediaId
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly dataschema: string
  readonly tenant: string
  readonly data: EventData
}

/** Id of the event of `type` for one version of an item. */
export function eventIdOf(mediaId: MediaId, version: number, type: EventType): string {
  return `${mediaId}.${version}.${type}`
}
