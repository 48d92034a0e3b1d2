import type { SeenFingerprint } from './fingerprint.ts'
import type { Loss } from './losses.ts'
import type { Appearance, PrivateFacts } from './media.ts'

/** One encoded file, before it is stored. */
export interface EncodedFile {
  readonly name: string
  readonly type: string
  readonly width: number
  readonly height: number
  readonly alt: number
  readonly data: Uint8Array
  readonly encodeMs?: number
}

/** All that comes of the one decode of a picture. */
export interface DevelopedImage {
  readonly files: EncodedFile[]
  readonly blurhash: string
  readonly appearance: Appearance
  /** Before any filter. */
  readonly fingerprint: SeenFingerprint
  readonly facts: PrivateFacts
  /** What of the upload its files do not show. */
  readonly losses: readonly Loss[]
}
