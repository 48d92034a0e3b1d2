import { join } from 'node:path'
import { MediaError } from '../domain/errors.ts'
import type { Disk } from './disk.ts'
import { volumePath } from './file-view.ts'
import type { VolumeAt } from './scrub.ts'

function writerPath(folder: string, volume: number): string {
  return join(folder, `${volume}.writer`)
}

/**
 * Says that this process appends to a volume, to who cannot ask the directory ({@link whileUnwritten}). Whoever takes a volume over goes by its
 * lease: the one who lost it may hang, and hold this for as long.
 * @returns what lets go of it
 */
export async function holdVolume(disk: Disk, folder: string, volume: number): Promise<() => void> {
  return (await disk.lock(writerPath(folder, volume))) ?? (() => {})
}

/**
 * Does what puts another file in a volume's place, or writes to it, without asking the directory: what a writer appended meanwhile would
 * be lost. VOLUME_FENCED while a process has the volume open to append to it.
 */
export function whileUnwritten<T>(at: VolumeAt, work: () => Promise<T>): Promise<T> {
  return whileHeld(at, writerPath(at.folder, at.volume), 'A process has the volume open to append to it: stop it first.', work)
}

/**
 * Does what rewrites a volume's file while nobody else does: two at once would take one another's half-made files for
 * their own. BLOB_NOT_FOUND; VOLUME_FENCED while another process is at it.
 */
export async function whileLocked<T>(at: VolumeAt, work: () => Promise<T>): Promise<T> {
  const { disk, folder, volume } = at
  const file = await disk.openRead(volumePath(folder, volume))
  if (file === null) throw new MediaError('BLOB_NOT_FOUND', 'There is no such volume.', { facts: { volume } })
  await file.close()
  return await whileHeld(at, join(folder, `${volume}.lock`), 'Another process is compacting or repairing the volume.', work)
}

async function whileHeld<T>({ disk, volume }: VolumeAt, path: string, refusal: string, work: () => Promise<T>): Promise<T> {
  const unlock = await disk.lock(path)
  if (unlock === null) throw new MediaError('VOLUME_FENCED', refusal, { facts: { volume } })
  try {
    return await work()
  } finally {
    unlock()
  }
}
