import { randomBytes } from 'node:crypto'
import { link, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { VolumeDirectory, VolumeLease } from '../domain/volume-ports.ts'
import { isErrno } from './disk-errors.ts'

interface Entry {
  readonly writer: string
  readonly epoch: number
  readonly sealedBytes?: number
}

/**
 * A volume directory in the folder of the volumes: one small JSON file a volume, `<volume>.lease`.
 * For one machine without a database. Processes may share it: the file system decides who gets a number.
 */
export async function createFolderDirectory({ folder }: { readonly folder: string }): Promise<VolumeDirectory> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const pathOf = (volume: number) => join(folder, `${volume}.lease`)

  async function numbers(): Promise<number[]> {
    const names = (await readdir(folder)).map((name) => /^([1-9][0-9]*)\./.exec(name)?.[1])
    return [...new Set(names.filter((digits) => digits !== undefined).map(Number))].toSorted((a, b) => b - a)
  }

  async function readEntry(volume: number): Promise<Entry | null> {
    try {
      return JSON.parse(await readFile(pathOf(volume), 'utf8')) as Entry
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return null
      throw error
    }
  }

  async function stage(entry: Entry): Promise<string> {
    const path = join(folder, `.lease-${randomBytes(8).toString('hex')}`)
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(JSON.stringify(entry))
      await file.sync()
    } finally {
      await file.close()
    }
    return path
  }

  async function syncFolder(): Promise<void> {
    const handle = await open(folder, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  async function replace(volume: number, entry: Entry): Promise<void> {
    await rename(await stage(entry), pathOf(volume))
    await syncFolder()
  }

  return {
    async allot(writer) {
      const staged = await stage({ writer, epoch: 1 })
      try {
        for (let volume = ((await numbers())[0] ?? 0) + 1; ; volume += 1) {
          try {
            // A link, unlike a rename, fails when the name is taken: each number has one winner.
            await link(staged, pathOf(volume))
            await syncFolder()
            return leaseOf(volume, 1)
          } catch (error) {
            if (!isErrno(error, 'EEXIST')) throw error
          }
        }
      } finally {
        await rm(staged, { force: true })
      }
    },
    async openOf(writer) {
      const held: VolumeLease[] = []
      for (const volume of await numbers()) {
        const entry = await readEntry(volume)
        if (entry === null || entry.writer !== writer || entry.sealedBytes !== undefined) continue
        const epoch = entry.epoch + 1
        await replace(volume, { ...entry, epoch })
        held.push(leaseOf(volume, epoch))
      }
      return held
    },
    async renew({ volume, epoch }) {
      const entry = await readEntry(volume)
      return entry?.epoch === epoch && entry.sealedBytes === undefined ? leaseOf(volume, epoch) : null
    },
    async seal({ volume, epoch }, bytes) {
      const entry = await readEntry(volume)
      if (entry === null) throw new Error(`volume ${volume} was never allotted here`)
      if (entry.epoch !== epoch || entry.sealedBytes !== undefined) return false
      await replace(volume, { ...entry, sealedBytes: bytes })
      return true
    },
  }
}

/** Whoever has the folder has its volumes, until it starts anew: nothing runs out. */
function leaseOf(volume: number, epoch: number): VolumeLease {
  return { volume, epoch, leaseMs: Number.POSITIVE_INFINITY }
}
