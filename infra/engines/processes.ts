import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A process, told apart from a later one that was given the same pid. */
export interface ProcessId {
  readonly pid: number
  /** Opaque: equal for the same process, different for any other. */
  readonly started: string
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Some sandboxes hide it; the start time alone then has to do.
    return ''
  }
}

/** proc(5): field 3 is the state, field 22 the start in clock ticks since boot; field 2 may hold blanks and brackets. */
function fromProc(pid: number): { state: string; started: string } | null | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', started: `${bootId()}:${fields[19]}` }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'ESRCH') throw error
    // undefined: there is no procfs at all.
    return process.platform === 'linux' ? null : undefined
  }
}

function fromPs(pid: number): string | null {
  try {
    const line = execFileSync('ps', ['-o', 'stat=', '-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    }).trim()
    const [, state, started] = /^(\S+)\s+(.+)$/.exec(line) ?? []
    return state === undefined || started === undefined || state.startsWith('Z') ? null : started
  } catch {
    // ps ends with 1 when there is no such process.
    return null
  }
}

/** When process `pid` began, or null when no such process runs (a zombie does not). */
export function startedOf(pid: number): string | null {
  const found = fromProc(pid)
  if (found === undefined) return fromPs(pid)
  return found === null || found.state === 'Z' || found.state === 'X' ? null : found.started
}

export function isRunning(id: ProcessId): boolean {
  return startedOf(id.pid) === id.started
}

/** Signals a process, or its whole group; one that is gone already is no error. */
export function signalProcess(pid: number, signal: NodeJS.Signals, group = false): void {
  try {
    process.kill(group ? -pid : pid, signal)
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error
  }
}

/** Ends at once what is left of the group that a process led, and waits, for `msMax` at most, until it is gone. */
export async function endGroup(leader: number, msMax: number): Promise<void> {
  const giveUpAt = performance.now() + msMax
  for (;;) {
    try {
      process.kill(-leader, 'SIGKILL')
    } catch {
      return
    }
    if (performance.now() > giveUpAt) return
    await sleep(5)
  }
}

/** True when the process ended within `msMax`. */
export async function untilGone(id: ProcessId, msMax: number): Promise<boolean> {
  const deadline = performance.now() + msMax
  while (isRunning(id)) {
    if (performance.now() > deadline) return false
    await sleep(10)
  }
  return true
}

/** Processes of program `name` that work in `folder` (Linux); a zombie works nowhere. Those of other users cannot be seen, unless we are root. */
export function processesIn(folder: string, name: string): ProcessId[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry)
    if (!Number.isInteger(pid)) return []
    try {
      if (readlinkSync(`/proc/${pid}/cwd`) !== folder || readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== name) return []
    } catch {
      // Gone, a zombie, or another user's.
      return []
    }
    const started = startedOf(pid)
    return started === null ? [] : [{ pid, started }]
  })
}

/** Processes whose environment holds exactly the entry `NAME=value`; none where the system does not show it. */
export function processesMarked(entry: string): ProcessId[] {
  if (process.platform !== 'linux') return []
  const found: ProcessId[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) continue
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(entry)) continue
    } catch {
      // Gone in between, or another user's: neither is ours.
      continue
    }
    const started = startedOf(pid)
    if (started !== null) found.push({ pid, started })
  }
  return found
}
