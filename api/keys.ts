import { createHash, randomBytes } from 'node:crypto'

/** A new API key: 256 random bits. Shown once to who asked for it; only its hash is kept. */
export function newKey(): string {
  return `dk_${randomBytes(32).toString('base64url')}`
}

/** SHA-256 in hex: what the catalog knows of a key. A key is 256 random bits, so no slow hash is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
