import { MediaError } from '../domain/errors.ts'
import type { TenantStore } from '../domain/ports.ts'
import { hashKey, isKey } from './keys.ts'

const CACHE_ENTRIES_MAX = 10_000

/** The hash of the key in an Authorization header (RFC 6750, section 2.1). UNAUTHENTICATED. */
function keyHashOf(authorization: string | undefined): string {
  const key = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
  if (key === undefined || !isKey(key)) throw new MediaError('UNAUTHENTICATED')
  return hashKey(key)
}

/**
 * Lets those through who run the house. Compared by hash, so that the time it takes tells nothing of a key.
 * @param keyHashes SHA-256 of their keys in hex; without any, nobody is let through
 */
export function createOperatorCheck(keyHashes: readonly string[]): (authorization: string | undefined) => void {
  const known = new Set(keyHashes)
  return (authorization) => {
    if (!known.has(keyHashOf(authorization))) throw new MediaError('UNAUTHENTICATED')
  }
}

export interface AuthenticatorOptions {
  readonly tenants: Pick<TenantStore, 'tenantOfKey'>
  /** A key that was taken away is still taken for this long. */
  readonly cacheMsMax: number
  readonly now: () => number
}

/**
 * The tenant of an Authorization header; UNAUTHENTICATED, CATALOG_UNAVAILABLE.
 * Looked up by the key's hash, so that the time a lookup takes tells nothing of a key. Only keys that
 * are known are kept: a new key is good at once, and wrong keys cannot push right ones out.
 */
export function createAuthenticator(options: AuthenticatorOptions): (authorization: string | undefined) => Promise<string> {
  const known = new Map<string, { readonly tenant: string; readonly untilMs: number }>()

  return async (authorization) => {
    const hash = keyHashOf(authorization)
    const kept = known.get(hash)
    if (kept && options.now() < kept.untilMs) return kept.tenant
    known.delete(hash)
    const tenant = await options.tenants.tenantOfKey(hash)
    if (tenant === null) throw new MediaError('UNAUTHENTICATED')
    if (known.size >= CACHE_ENTRIES_MAX)
      for (const oldest of known.keys()) {
        known.delete(oldest)
        break
      }
    known.set(hash, { tenant, untilMs: options.now() + options.cacheMsMax })
    return tenant
  }
}
