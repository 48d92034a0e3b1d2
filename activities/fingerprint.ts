import { MediaError } from '../domain/errors.ts'
import { fingerprintQualityMin, type FingerprintStore, type SeenFingerprint } from '../domain/fingerprint.ts'

/**
 * The hash that an item is found by, if there is enough in its picture to go by. MEDIA_BLOCKED where it is like one
 * on the operator's list, however it is turned or mirrored; nothing of it has been stored by then.
 */
export async function admittedFingerprint(
  catalog: FingerprintStore,
  { hash, quality, turned }: SeenFingerprint,
): Promise<string | undefined> {
  if (quality < fingerprintQualityMin) return undefined
  const blocked = await catalog.blockedLike(turned)
  if (blocked) throw new MediaError('MEDIA_BLOCKED', undefined, { facts: { blocked: blocked.hash, distance: blocked.distance } })
  return hash
}
