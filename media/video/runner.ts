/**
 * A process forks with a copy of its page tables, and stands still meanwhile: a worker of 400 MB for some 15 ms for every
 * program that it starts. So a small process of its own starts them; the first run starts that one.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { MediaError } from '../../domain/errors.ts'
import type { Command } from './command.ts'
import { runFfmpeg, type RunOptions } from './ffmpeg.ts'
import { type ProbeRunOptions, runFfprobe } from './ffprobe.ts'
import { programPath } from './leash.ts'
import type { FromRunner, Job, ToRunner, Written } from './runner-messages.ts'

const program = fileURLToPath(new URL('./runner-child.ts', import.meta.url))

/** As {@link runFfmpeg} and {@link runFfprobe}; besides what those throw, WORKER_LOST when the process that started them ends. */
export interface Runner {
  ffmpeg(command: Command, options: RunOptions): Promise<readonly string[]>
  ffprobe(args: readonly string[], source: string, options: ProbeRunOptions): Promise<Written>
}

/** Starts programs in this process, whose children's CPU is then its own to be read. */
export const inProcess: Runner = { ffmpeg: runFfmpeg, ffprobe: runFfprobe }

interface Pending {
  readonly settle: (message: Exclude<FromRunner, { readonly kind: 'progress' }>) => void
  readonly lose: (cause: Error) => void
  readonly onProgress: (key: string, value: string) => void
}

/**
 * Starts nothing yet. What it starts ends with this process, by the leash or by the runner's own doing, and does not keep it from ending.
 * `codeFolder` is where Node keeps its code compiled, which is 30 MB less for as long as it lives; not kept unless given.
 */
export function createRunner(codeFolder?: string): Runner {
  let child: ChildProcess | null = null
  let last = 0

  const pending = new Map<number, Pending>()

  function started(): ChildProcess {
    if (child) return child
    const fresh = fork(program, [], {
      serialization: 'advanced',
      // What it says goes to this process's stderr, and the stripping of types may still be called an experiment.
      execArgv: ['--max-old-space-size=512', '--disable-warning=ExperimentalWarning'],
      // Nothing of ours but where programs are found.
      env: { PATH: programPath, ...(codeFolder === undefined ? {} : { NODE_COMPILE_CACHE: codeFolder }) },
    })
    const lost = (cause: Error) => {
      if (child !== fresh) return
      child = null
      for (const { lose } of pending.values()) lose(cause)
    }
    fresh.on('message', (message: FromRunner) => {
      const waiting = pending.get(message.id)
      if (message.kind === 'progress') waiting?.onProgress(message.key, message.value)
      else waiting?.settle(message)
    })
    fresh.on('error', lost)
    fresh.once('exit', (status, signal) => lost(new Error(`What starts programs ended (${signal ?? `exit status ${status}`}).`)))
    return (child = fresh)
  }

  /** A child with nothing to do must not keep this process from ending. */
  function hold(): void {
    if (pending.size > 0) {
      child?.ref()
      child?.channel?.ref()
    } else {
      child?.unref()
      child?.channel?.unref()
    }
  }

  async function run(job: Job, signal?: AbortSignal, onProgress: Pending['onProgress'] = () => undefined): Promise<Written> {
    signal?.throwIfAborted()
    const id = ++last
    const to = started()
    // One that could not be started, or has just died, says so by an event, which ends what is under way.
    const tell = (message: ToRunner) => to.connected && to.send(message, () => undefined)
    const abort = () => tell({ kind: 'abort', id })
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await new Promise<Written>((resolve, reject) => {
        const settle: Pending['settle'] = (message) => {
          if (message.kind === 'done') resolve(message.written)
          else if (message.kind === 'failed') reject(new MediaError(message.code, undefined, { facts: { ...message.facts } }))
          else if (message.kind === 'aborted') reject(signal?.reason)
          else reject(new Error(`what starts programs met a bug: ${message.detail}`))
        }
        const lose = (cause: Error) => reject(new MediaError('WORKER_LOST', undefined, { cause }))
        pending.set(id, { settle, lose, onProgress })
        hold()
        tell({ ...job, id })
      })
    } finally {
      signal?.removeEventListener('abort', abort)
      pending.delete(id)
      hold()
    }
  }

  return {
    ffmpeg: async (command, { signal, onProgress, ...options }) =>
      (await run({ kind: 'ffmpeg', command, options }, signal, onProgress)).lines,
    ffprobe: async (args, source, options) => await run({ kind: 'ffprobe', args, source, options }),
  }
}
