import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Every file below the folder, in order of its path. Without a folder nothing can be measured. */
export async function filesBelow(folder: string | undefined): Promise<string[]> {
  if (folder === undefined) throw new Error('name a folder of pictures')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  if (paths.length === 0) throw new Error(`there is no file below ${folder}`)
  return paths.toSorted()
}

/** Resident bytes of a process: now (`VmRSS`) or at most so far (`VmHWM`); 0 once it is gone. */
export async function residentBytes(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '')
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  return Number(kilobytes ?? 0) * 1024
}

/** Processes that a process has started, and those that these have, that run now (proc(5)). */
export async function descendantsOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'latin1').catch(() => '')
  const pids = text.split(' ').filter(Boolean).map(Number)
  return [...pids, ...(await Promise.all(pids.map(descendantsOf))).flat()]
}

/** Runs `work` on every element, so many at a time. */
export async function forEach<T>(
  elements: readonly T[],
  atOnce: number,
  work: (element: T, index: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const lane = async () => {
    for (let index = next++; index < elements.length; index = next++) await work(elements[index] as T, index)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}
