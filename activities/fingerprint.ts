import { MediaError } from '../domain/errors.ts'
import { fingerprintQualityMin, type FingerprintStore, type SeenFingerprint } from '../domain/fingerprint.ts'

/** The hash that an item is found by; undefined where there is too little in its picture to go by. */
export function keptFingerprint({ hash, quality }: Pick<SeenFingerprint, 'hash' | 'quality'>): string | undefined {
  return quality < fingerprintQualityMin ? undefined : hash
}

/**
 * {@link keptFingerprint} of an item that comes in. MEDIA_BLOCKED where it is like one
 * on the operator's list, however it is turned or mirrored; nothing of it has been stored by then.
 */
export async function admittedFingerprint(catalog: FingerprintStore, seen: SeenFingerprint): Promise<string | undefined> {
  const hash = keptFingerprint(seen)
  if (hash === undefined) return undefined
  const blocked = await catalog.blockedLike(seen.turned)
  if (blocked) throw new MediaError('MEDIA_BLOCKED', undefined, { facts: { blocked: blocked.hash, distance: blocked.distance } })
  return hash
}
