import { join } from 'node:path'
import { MediaError } from '../domain/errors.ts'
import { volumePath } from './file-view.ts'
import type { VolumeAt } from './scrub.ts'

/**
 * Does what rewrites a volume's file while nobody else does: two at once would take one another's half-made files for
 * their own. BLOB_NOT_FOUND; VOLUME_FENCED while another process is at it.
 */
export async function whileLocked<T>({ disk, folder, volume }: VolumeAt, work: () => Promise<T>): Promise<T> {
  const file = await disk.openRead(volumePath(folder, volume))
  if (file === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  await file.close()
  const unlock = await disk.lock(join(folder, `${volume}.lock`))
  if (unlock === null)
    throw new MediaError('VOLUME_FENCED', 'Another process is compacting or repairing the volume.', { facts: { volume } })
  try {
    return await work()
  } finally {
    unlock()
  }
}
