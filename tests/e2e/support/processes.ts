import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly command: string
  /** CPU time, its own and of children that have ended, in clock ticks (100 a second). */
  readonly ticks: number
}

/** Every process of the machine (Linux). */
export function processes(): ProcessRow[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
        // The command's name is in parentheses and may hold anything.
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        const [state, parent] = fields
        const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
        if (state === 'Z') return []
        return [
          {
            pid: Number(name),
            parent: Number(parent),
            ticks,
            command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '),
          },
        ]
      } catch {
        // Ended meanwhile.
        return []
      }
    })
}

/** Pids below a process: engines run in groups of their own, so a signal to the group does not reach them. */
export function descendants(pid: number, all = processes()): number[] {
  return all.filter(({ parent }) => parent === pid).flatMap((child) => [child.pid, ...descendants(child.pid, all)])
}

/** What those run that still name the folder after some seconds: a program takes a moment to see that who started it has ended, and no event tells. */
export async function commandsLeftOf(folder: string): Promise<string[]> {
  const endMs = performance.now() + 5_000
  for (;;) {
    const left = processesOf(folder).map(({ command }) => command)
    if (left.length === 0 || performance.now() > endMs) return left
    await sleep(20)
  }
}

/** Processes that name the folder on their command line or have it in their environment, with that environment. */
export function processesOf(folder: string): (ProcessRow & { readonly environment: Record<string, string> })[] {
  return processes()
    .map((row) => ({ ...row, environment: environmentOf(row.pid) }))
    .filter(
      ({ pid, command, environment }) =>
        pid !== process.pid && (command.includes(folder) || Object.values(environment).join('\n').includes(folder)),
    )
}

function environmentOf(pid: number): Record<string, string> {
  try {
    const rows = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
    return Object.fromEntries(
      rows.filter((row) => row.includes('=')).map((row) => [row.slice(0, row.indexOf('=')), row.slice(row.indexOf('=') + 1)]),
    )
  } catch {
    // Ended, or another user's.
    return {}
  }
}
