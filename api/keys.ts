import { createHash, randomBytes } from 'node:crypto'

/** A new API key: 256 random bits. Shown once to who asked for it; only its hash is kept. */
export function newKey(): string {
  return `dk_${randomBytes(32).toString('base64url')}`
}

const KEY = /^[\w\-.~+/]{8,256}=*$/

/** Whether a text can be given as a key in an Authorization header (RFC 6750, section 2.1), and is not too short or too long for one. */
export function isKey(text: string): boolean {
  return KEY.test(text)
}

/** SHA-256 in hex: what the catalog knows of a key. A key is 256 random bits, so no slow hash is needed. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
