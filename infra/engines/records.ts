import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { engineLimits } from './limits.ts'
import { isRunning, processesMarked, signalProcess, untilGone, type ProcessId } from './processes.ts'

/** What is written down of every child, so that a later start can end it when we were killed. */
export interface ChildRecord extends ProcessId {
  readonly name: string
  readonly stopSignal: NodeJS.Signals
}

const suffix = '.json'

/** Goes into every child's environment: finds a child that was started and not yet written down when we were killed. */
export function markOf(home: string): readonly [string, string] {
  return ['DARKROOM_ENGINE_OF', home]
}

export function writeRecord(home: string, record: ChildRecord): void {
  const file = join(home, 'run', `${record.name}${suffix}`)
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

export function removeRecord(home: string, name: string): void {
  rmSync(join(home, 'run', `${name}${suffix}`), { force: true })
}

function readRecord(file: string): ChildRecord | null {
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as Partial<ChildRecord>
    const { name, pid, started, stopSignal } = value
    if (name === undefined || pid === undefined || started === undefined || stopSignal === undefined) return null
    return { name, pid, started, stopSignal }
  } catch (error) {
    // Cut short by a power failure: its process ended with the machine.
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Ends a process and what it started in its group: politely first, then at once. Throws when even that does not end it. */
export async function endProcess(id: ProcessId, signal: NodeJS.Signals, graceMsMax: number): Promise<void> {
  if (isRunning(id)) {
    signalProcess(id.pid, signal)
    if (!(await untilGone(id, graceMsMax))) {
      signalProcess(id.pid, 'SIGKILL', true)
      signalProcess(id.pid, 'SIGKILL')
      if (!(await untilGone(id, engineLimits.killMsMax))) throw new Error(`process ${id.pid} does not end`)
    }
  }
}

/**
 * Ends every process that an earlier, killed start in this data folder left running, matched by pid and start time;
 * gives their names. The caller holds the folder's lock.
 */
export async function reap(home: string, graceMsMax: number = engineLimits.stopMsMax): Promise<string[]> {
  const folder = join(home, 'run')
  const files = readdirSync(folder).filter((name) => name.endsWith(suffix))
  const records = files.map((name) => readRecord(join(folder, name))).filter((record) => record !== null)
  const left = records.filter(isRunning)
  await Promise.all(left.map((record) => endProcess(record, record.stopSignal, graceMsMax)))
  const unwritten = processesMarked(markOf(home).join('='))
  await Promise.all(unwritten.map((id) => endProcess(id, 'SIGKILL', graceMsMax)))
  for (const name of files) rmSync(join(folder, name), { force: true })
  return [...left.map(({ name }) => name), ...unwritten.map(({ pid }) => `process ${pid}`)]
}
