import { closeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MediaError } from '../../domain/errors.ts'
import { spawnChild, type Program, type Spawned } from './children.ts'
import { failureOf, type Exit } from './failures.ts'
import { homeError, lockHome } from './home.ts'
import { engineLimits } from './limits.ts'
import { openLog, type EngineLog } from './logs.ts'
import { signalProcess } from './processes.ts'
import { reap } from './records.ts'
import { runTool, type ToolOutput, type ToolRun } from './tool-run.ts'

export interface EngineSpec extends Omit<Program, 'stopMsMax'> {
  /** Asked again and again until it gives true. */
  readonly ready: (child: { readonly pid: number; readonly logTail: () => string }) => Promise<boolean>
  readonly readyMsMax?: number
  readonly stopMsMax?: number
}

/** A running engine. */
export interface Engine {
  readonly name: string
  readonly pid: number
  readonly log: string
  readonly exited: Promise<Exit>
  /** Ends it, politely first; returns when it is gone. Idempotent. */
  stop(): Promise<void>
}

export interface Supervisor {
  /** Canonical path of the data folder. */
  readonly home: string
  /** What an earlier start, killed, had left running, and this one ended. */
  readonly reaped: readonly string[]
  /** Starts an engine and waits until it is ready; when that fails, nothing of it is left. ENGINE_FAILED, ENGINE_MISSING, PORT_IN_USE, STORAGE_FULL. */
  start(spec: EngineSpec): Promise<Engine>
  /** Runs a tool to its end. ENGINE_FAILED when it ends with another status than 0, unless it may. */
  run(tool: ToolRun): Promise<ToolOutput>
  /** Ends every engine, the last started first, and gives the data folder free. Idempotent; nothing starts afterwards. */
  stop(): Promise<void>
}

export interface SupervisorOptions {
  /** The data folder; made when it is not there. */
  readonly home: string
  /** Told when an engine that was ready ended by itself. */
  readonly onLost?: (error: MediaError, name: string) => void
}

/**
 * Holds the data folder for this process, ends what an earlier one left running there, and then starts engines.
 * HOME_IN_USE, STORAGE_FULL, STORAGE_UNAVAILABLE.
 */
export async function openSupervisor({ home: folder, onLost }: SupervisorOptions): Promise<Supervisor> {
  const { path: home, unlock } = lockHome(folder)
  /** In order of start. */
  const running = new Set<Spawned>()
  const pending = new Set<Promise<unknown>>()
  let stopping: Promise<void> | null = null
  const isStopping = () => stopping !== null

  // The last resort, for an exit that nobody awaited: an exception that was not caught, process.exit().
  const killAll = () => {
    for (const { id } of running) {
      signalProcess(id.pid, 'SIGKILL', true)
    }
  }

  const begin = async (program: Program, stdio: Parameters<typeof spawnChild>[2]): Promise<Spawned> => {
    if (isStopping()) throw new MediaError('ENGINE_FAILED', `${program.title} was not started: everything is being stopped.`)
    const child = await spawnChild(home, program, stdio)
    running.add(child)
    void child.exited.then(() => running.delete(child))
    return child
  }

  const untilReady = async (child: Spawned, spec: EngineSpec, log: EngineLog) => {
    const readyMsMax = spec.readyMsMax ?? engineLimits.readyMsMax
    const deadline = performance.now() + readyMsMax
    const ended = child.exited.then(() => false)
    for (;;) {
      const ready = await Promise.race([spec.ready({ pid: child.id.pid, logTail: log.tail }), ended])
      const exit = child.exit()
      if (isStopping()) throw new MediaError('ENGINE_FAILED', `${spec.title} was stopped before it was ready.`)
      if (exit !== null) throw failureOf(spec.title, 'before it was ready', exit, log.tail(), log.file)
      if (ready) return
      if (performance.now() > deadline)
        throw new MediaError('ENGINE_FAILED', `${spec.title} was not ready within ${readyMsMax / 1000} s (log: ${log.file}).`)
      await Promise.race([sleep(engineLimits.probePauseMs), ended])
    }
  }

  const start = async (spec: EngineSpec): Promise<Engine> => {
    const log = openLog(join(home, 'logs', `${spec.name}.log`))
    let child: Spawned
    try {
      child = await begin({ ...spec, stopMsMax: spec.stopMsMax ?? engineLimits.stopMsMax }, ['ignore', log.descriptor, log.descriptor])
    } finally {
      closeSync(log.descriptor)
    }
    try {
      await untilReady(child, spec, log)
    } catch (error) {
      await child.end()
      throw error
    }
    let wanted = true
    void child.exited.then((exit) => {
      if (wanted && !isStopping()) onLost?.(failureOf(spec.title, 'unexpectedly', exit, log.tail(), log.file), spec.name)
    })
    const stop = () => {
      wanted = false
      return child.end()
    }
    return { name: spec.name, pid: child.id.pid, log: log.file, exited: child.exited, stop }
  }

  /** Keeps in mind what is under way, and gives disk errors of our own writing their sentence. */
  const tracked = async <T>(work: Promise<T>): Promise<T> => {
    pending.add(work)
    try {
      return await work
    } catch (error) {
      throw homeError(error, home)
    } finally {
      pending.delete(work)
    }
  }

  /** One that cannot be ended must not keep the others running. */
  const endAll = async () => {
    const failures: unknown[] = []
    for (const child of [...running].toReversed()) await child.end().catch((error: unknown) => failures.push(error))
    return failures
  }

  const stopAll = async () => {
    await endAll()
    // What was being started has seen that all is stopping, and has ended its own child.
    await Promise.allSettled(pending)
    const failures = await endAll()
    // With the folder goes the duty to end what works in it: whoever holds it next must find all of it ended.
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} engines could not be ended`)
    process.off('exit', killAll)
    unlock()
  }

  try {
    const reaped = await reap(home)
    process.on('exit', killAll)
    return {
      home,
      reaped,
      start: (spec) => tracked(start(spec)),
      run: (tool) => tracked(runTool(tool, begin)),
      stop: () => (stopping ??= Promise.resolve().then(stopAll)),
    }
  } catch (error) {
    unlock()
    throw homeError(error, home)
  }
}
