import type { MediaRow } from './media.ts'

/**
 * What stands in the way of encoding an item again at higher effort: null when nothing does. Files that are no pictures
 * (a clip, a loop) would have to be made again for the new version, and cost more than this gains.
 */
export function enhanceHindrance({ kind, state, manifest }: Pick<MediaRow, 'kind' | 'state' | 'manifest'>): string | null {
  if (kind !== 'image') return 'Only photos are enhanced.'
  if (state !== 'ready' || !manifest) return 'Only what is ready is enhanced.'
  if (manifest.parts.length > 0 || manifest.renditions.some(({ type }) => !type.startsWith('image/'))) return 'What moves is not enhanced.'
  if (manifest.version >= VERSION_MAX) return 'The item has as many versions as an item can have.'
  return null
}

/** Eight bits of the alternate key. */
const VERSION_MAX = 255
