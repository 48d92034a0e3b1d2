import { basename, join } from 'node:path'
import { MediaError } from '../domain/errors.ts'
import type { Disk, WriteFile } from './disk.ts'
import { createError, writeError } from './disk-errors.ts'

/** A disk that does not take a new volume: another one may. */
const elsewhere: ReadonlySet<string> = new Set(['STORAGE_FULL', 'STORAGE_UNAVAILABLE'])

export interface SpreadDiskOptions {
  readonly disk: Disk
  /** One on each disk. */
  readonly folders: readonly string[]
  /** Names of folders that there were and that are not there now: what is not found may lie in one of them. */
  readonly missing: readonly string[]
  /** A folder with less left gets no new volume while another has more. */
  readonly freeBytesMin: number
  /** How long a folder that refused a write gets no new volume. */
  readonly restMs: number
  nowMs(): number
}

/**
 * One disk made of several: a new volume goes where there is most space, and all that belongs to a volume lies beside it.
 * A folder that is full, or refuses a write, is left out for a while. Paths are of a folder that does not exist; the
 * number that a name begins with says which volume it belongs to.
 */
export function createSpreadDisk(options: SpreadDiskOptions): Disk {
  const { disk, folders, missing, freeBytesMin, restMs, nowMs } = options
  const homes = new Map<number, string>()
  const restingUntil = new Map<string, number>()

  async function isIn(folder: string, volume: number): Promise<boolean> {
    const file = await disk.openRead(join(folder, `${volume}.volume`))
    await file?.close()
    return file !== null
  }

  /** The folder of a volume, or null. A folder that cannot be read hides what is in it, and nothing else. STORAGE_UNAVAILABLE. */
  async function homeOf(volume: number): Promise<string | null> {
    const known = homes.get(volume)
    if (known !== undefined && (await isIn(known, volume))) return known
    homes.delete(volume)
    let hidden: unknown = null
    for (const folder of folders) {
      try {
        if (!(await isIn(folder, volume))) continue
        homes.set(volume, folder)
        return folder
      } catch (error) {
        hidden ??= error
      }
    }
    if (hidden !== null) throw hidden
    if (missing.length > 0)
      throw new MediaError('STORAGE_UNAVAILABLE', 'A folder of volumes is missing, and the volume may be in it.', { facts: { volume } })
    return null
  }

  async function resting<T>(folder: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      restingUntil.set(folder, nowMs() + restMs)
      throw error
    }
  }

  /** Most space first; then, for want of better, those that are nearly full, and last those that rest. */
  async function candidates(name: string): Promise<string[]> {
    const rated = await Promise.all(
      folders.map(async (folder) => {
        const free = await disk.freeBytes(join(folder, name)).catch(() => 0)
        const isResting = (restingUntil.get(folder) ?? 0) > nowMs()
        return { folder, free, rank: isResting ? 2 : free < freeBytesMin ? 1 : 0 }
      }),
    )
    return rated.toSorted((a, b) => a.rank - b.rank || b.free - a.free).map(({ folder }) => folder)
  }

  async function createVolume(volume: number, head: Uint8Array, bytesTotal: number): Promise<void> {
    if ((await homeOf(volume).catch(() => null)) !== null) throw createError('EEXIST', '')
    const name = `${volume}.volume`
    let failure: unknown = null
    for (const folder of await candidates(name)) {
      try {
        await resting(folder, disk.create(join(folder, name), head, bytesTotal))
        homes.set(volume, folder)
        return
      } catch (error) {
        failure = error
        // It may be there all the same: then the number is not used a second time.
        if (!(error instanceof MediaError && elsewhere.has(error.code)) || (await isIn(folder, volume).catch(() => true))) throw error
      }
    }
    throw failure
  }

  /** Where a name lies, beside its volume; null when there is no such volume. */
  async function placeOf(path: string): Promise<{ readonly folder: string; readonly path: string } | null> {
    const name = basename(path)
    const folder = await homeOf(Number.parseInt(name, 10))
    return folder === null ? null : { folder, path: join(folder, name) }
  }

  async function beside(path: string): Promise<{ readonly folder: string; readonly path: string }> {
    const place = await placeOf(path)
    if (place === null) throw writeError('ENOENT', path)
    return place
  }

  return {
    async create(path, head, bytesTotal) {
      const [, number] = /^([0-9]+)\.volume$/.exec(basename(path)) ?? []
      if (number !== undefined) return createVolume(Number(number), head, bytesTotal)
      const { folder, path: place } = await beside(path)
      await resting(folder, disk.create(place, head, bytesTotal))
    },
    async openRead(path) {
      const place = await placeOf(path)
      return place === null ? null : disk.openRead(place.path)
    },
    async openWrite(path, how): Promise<WriteFile> {
      const { folder, path: place } = await beside(path)
      const file = await resting(folder, disk.openWrite(place, how))
      return {
        size: () => file.size(),
        ...(file.memory && { memory: file.memory.bind(file) }),
        write: (offset, bytes) => resting(folder, file.write(offset, bytes)),
        zero: (offset, length) => resting(folder, file.zero(offset, length)),
        cut: (length) => resting(folder, file.cut(length)),
        close: () => file.close(),
      }
    },
    async add(path, bytes) {
      const { folder, path: place } = await beside(path)
      await resting(folder, disk.add(place, bytes))
    },
    async rename(from, to) {
      const { folder, path } = await beside(from)
      await resting(folder, disk.rename(path, join(folder, basename(to))))
    },
    async remove(path) {
      const place = await placeOf(path)
      if (place !== null) return disk.remove(place.path)
      // Of a volume that there is not, a creation that was broken off may have left something in any of them.
      for (const folder of folders) await disk.remove(join(folder, basename(path)))
    },
    freeBytes: async (path) => disk.freeBytes((await beside(path)).path),
    lock: async (path) => disk.lock((await beside(path)).path),
    close: () => disk.close(),
  }
}
