import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { MediaError } from '../../domain/errors.ts'
import type { Exit } from './failures.ts'
import { engineLimits } from './limits.ts'
import { endGroup, startedOf, type ProcessId } from './processes.ts'
import { endProcess, markOf, removeRecord, writeRecord } from './records.ts'

/** What to run: `command` is an absolute path, `env` all that it sees besides what {@link baseEnv} gives. */
export interface Program {
  /** Unique among what runs at the same time; names the log and the record. */
  readonly name: string
  /** What a person calls it. */
  readonly title: string
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Given up to before the program runs (root only). */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly stopSignal?: NodeJS.Signals
  readonly stopMsMax: number
}

/** A child that has been started and written down. */
export interface Spawned {
  readonly program: Program
  readonly process: ChildProcess
  readonly id: ProcessId
  readonly exited: Promise<Exit>
  exit(): Exit | null
  end(): Promise<void>
}

/** Nothing of our own environment goes to an engine: it may hold keys, and settings that engines would take for theirs. */
function baseEnv(home: string): Record<string, string> {
  const [mark, value] = markOf(home)
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin',
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    HOME: home,
    [mark]: value,
  }
}

function spawnFailure(program: Program, error: NodeJS.ErrnoException): MediaError {
  const { title, command } = program
  if (error.code === 'ENOENT')
    return new MediaError('ENGINE_MISSING', `${title} cannot be started: ${command} is not there; run npm run setup.`, { cause: error })
  return new MediaError('ENGINE_FAILED', `${title} cannot be started: ${command}: ${error.code ?? error.message}.`, { cause: error })
}

/**
 * Starts a child in a group of its own, so that Ctrl-C in a terminal reaches us alone and engines end in our order,
 * and writes it down before it can do anything. ENGINE_MISSING, ENGINE_FAILED.
 */
export async function spawnChild(home: string, program: Program, stdio: StdioOptions): Promise<Spawned> {
  const child = spawn(program.command, [...program.args], {
    cwd: program.cwd ?? home,
    env: { ...baseEnv(home), ...program.env },
    stdio,
    detached: true,
    ...program.user,
  })
  const { pid } = child
  if (pid === undefined) {
    const [error] = (await new Promise((done) => child.once('error', (cause) => done([cause])))) as [NodeJS.ErrnoException]
    throw spawnFailure(program, error)
  }
  let exit: Exit | null = null
  const ended = new Promise<Exit>((done) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal }
      removeRecord(home, program.name)
      done(exit)
    })
  })
  // What it had started (Varnish's cache, say) would hold its ports until it notices.
  const exited = ended.then(async (end) => {
    await endGroup(pid, engineLimits.groupMsMax)
    return end
  })
  // Not reaped by Node before this turn ends: a child that is over already still has its entry.
  const id = { pid, started: startedOf(pid) ?? '' }
  const stopSignal = program.stopSignal ?? 'SIGTERM'
  writeRecord(home, { ...id, name: program.name, stopSignal })
  const end = async () => {
    if (exit === null) {
      await endProcess(id, stopSignal, program.stopMsMax)
      await exited
    }
  }
  return { program, process: child, id, exited, exit: () => exit, end }
}
