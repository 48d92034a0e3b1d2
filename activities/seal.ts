import { createCipheriv } from 'node:crypto'
import { MediaError } from '../domain/errors.ts'
import type { ContentKeys } from '../domain/content-keys.ts'
import { presetNamed } from '../domain/presets/index.ts'
import type { IngestInput } from '../domain/workflow-inputs.ts'

/** Encrypts a segment that will be stored under an alternate key. */
export type Seal = (data: Uint8Array, alt: number) => { readonly data: Uint8Array; readonly iv: string }

/**
 * How the preset has segments encrypted, or null for not at all. AES-128 in CBC mode with PKCS #7 padding (RFC 8216,
 * section 4.3.2.4). The vector is the segment's alternate key, which no other segment of the item has: so a chunk
 * that is made twice has the same bytes. ENGINE_MISSING without a secret to derive keys from.
 */
export function sealFor(
  keys: ContentKeys | null,
  { mediaId, version, preset }: Pick<IngestInput, 'mediaId' | 'version' | 'preset'>,
): Seal | null {
  if (!presetNamed(preset).video.encryption) return null
  if (!keys) throw new MediaError('ENGINE_MISSING', 'Encrypted videos need CONTENT_KEY_SECRET.')
  const key = keys.keyOf(mediaId, version)
  return (data, alt) => {
    const iv = Buffer.alloc(16)
    iv.writeUInt32BE(alt, 12)
    const cipher = createCipheriv('aes-128-cbc', key, iv)
    return { data: Buffer.concat([cipher.update(data), cipher.final()]), iv: iv.toString('hex') }
  }
}
