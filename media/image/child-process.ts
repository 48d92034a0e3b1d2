import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { Readable, Writable } from 'node:stream'
import { type AnswerTo, type FromChild, type Job, pipes, type ToChild } from './child-messages.ts'
import { collect } from './child-pipes.ts'
import type { DecodeLimits } from './examine.ts'

export type ChildLimits = DecodeLimits &
  Pick<Limits, 'imageDecodeMsMax' | 'imageEnhanceMsMax' | 'imageChildRssBytesMax' | 'imageChildStartMsMax' | 'batchBytesMax'>

/**
 * Nothing of ours: no keys, no addresses. One decode at a time needs no more threads and arenas. Memory up to a size is used
 * again, beyond it given back to the system at once, to be cleared when it is next asked for: that takes a twentieth of all
 * CPU below 1 MiB, and hardly any below 16. Left alone, glibc would raise the size to what it has seen freed, and keep the most.
 */
function environmentOf(bytesUsedAgainMax: number) {
  return {
    UV_THREADPOOL_SIZE: '2',
    MALLOC_ARENA_MAX: '2',
    MALLOC_MMAP_THRESHOLD_: `${bytesUsedAgainMax}`,
    MALLOC_TRIM_THRESHOLD_: `${2 * bytesUsedAgainMax}`,
  }
}

/**
 * A working child's memory is looked at again when it could have come to its limit at the earliest, within these bounds:
 * nothing fills memory faster than this, and most pictures end before they are looked at ten times.
 */
const WATCH_MS_MIN = 5
const WATCH_MS_MAX = 100
const FILLED_BYTES_PER_MS = 8 * 1024 ** 2
const STDERR_KEPT = 2_000

export interface DecodingChild {
  readonly pid: number
  readonly lean: boolean
  readonly alive: boolean
  /** Items answered so far. */
  readonly items: number
  /**
   * MEDIA_TOO_COSTLY when it was killed for a limit; WORKER_LOST when it ended otherwise or on abort; what the child refuses
   * with; what `take` throws. Nobody reads the job's bytes any more when it returns: a child that has not taken all of them,
   * or whose answer was not taken, is gone by then.
   */
  run<J extends Job, T = AnswerTo<J>>(job: J, options: JobOptions<J, T>): Promise<T>
  /** Resident bytes, or null where the system does not tell. */
  residentBytes(): Promise<number | null>
  /** Returns when it is gone. */
  kill(): Promise<void>
}

export interface JobOptions<J extends Job, T = AnswerTo<J>> {
  readonly signal?: AbortSignal | undefined
  readonly onProgress: (done: number) => void
  /** Makes of the answer what is returned, and throws where it is not one to what was asked; the answer itself unless given. */
  readonly take?: ((answer: AnswerTo<J>) => T) | undefined
}

export interface ChildOptions {
  readonly program: string
  /** Decodes what takes much memory otherwise. */
  readonly ffmpeg: string | undefined
  /** The folder with its code compiled, if there is one. */
  readonly code: string | null
  /** It keeps no memory that it does not use, at the cost of CPU. */
  readonly lean: boolean
}

/** Starts a child; it is ready for {@link DecodingChild.run} at once, and dies with this process. */
export function startChild(limits: ChildLimits, { program, ffmpeg, code, lean }: ChildOptions): DecodingChild {
  const decodeLimits: DecodeLimits = limits
  const child = fork(program, [JSON.stringify(decodeLimits), ...(ffmpeg === undefined ? [] : [ffmpeg])], {
    serialization: 'advanced',
    execArgv: ['--max-old-space-size=256'],
    env: { ...environmentOf((lean ? 1 : 16) * 1024 ** 2), ...(code === null ? {} : { NODE_COMPILE_CACHE: code }) },
    stdio: ['pipe', 'ignore', 'pipe', 'ipc', 'pipe'],
  })
  // Read when files are told of, and not before. A pipe that breaks means that the child is ending, which is answered below.
  const out = child.stdio[pipes.files] as Readable
  for (const pipe of [child.stdin, out]) pipe?.on('error', () => undefined)
  let stderr = ''
  child.stderr?.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('latin1')).slice(-STDERR_KEPT)))
  let items = 0
  let ready = false
  let ended = false
  /** The item under way. A promise's reaction of each item would keep that item's bytes as long as the child lives. */
  let onGone: (() => void) | null = null
  let killedFor: MediaError | null = null
  let settleReady: (error?: MediaError) => void = () => undefined
  const whenReady = new Promise<void>((resolve, reject) => {
    settleReady = (error) => (error ? reject(error) : resolve())
  })
  whenReady.catch(() => undefined)

  const gone = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      settleReady(new MediaError('ENGINE_MISSING', 'The image decoder cannot be started.', { cause: error }))
      if (child.pid === undefined) resolve()
    })
    child.once('exit', (code, killedBy) => {
      const how = `The image decoder ended (${killedBy ?? `exit status ${code}`}).`
      const error =
        killedFor ??
        new MediaError(
          !ready && killedBy === null ? 'ENGINE_MISSING' : 'WORKER_LOST',
          how,
          stderr === '' ? {} : { cause: new Error(stderr) },
        )
      killedFor = error
      settleReady(error)
      ended = true
      onGone?.()
      resolve()
    })
  })
  child.on('message', (message: FromChild) => {
    if (message.kind !== 'ready') return
    ready = true
    settleReady()
  })
  holdOpen(child, false)

  const alive = () => child.exitCode === null && child.signalCode === null && child.connected && killedFor === null
  function killFor(error: MediaError): void {
    killedFor ??= error
    child.kill('SIGKILL')
  }

  async function answerTo<J extends Job, T>(job: J, { onProgress, take }: JobOptions<J, T>): Promise<T> {
    const msMax = job.kind !== 'unroll' && job.plan.effort === 'high' ? limits.imageEnhanceMsMax : limits.imageDecodeMsMax
    const deadline = setTimeout(() => killFor(new MediaError('MEDIA_TOO_COSTLY', `The picture took longer than ${msMax} ms.`)), msMax)
    let watch: NodeJS.Timeout | undefined
    const look = () => {
      const room = limits.imageChildRssBytesMax - (residentBytesOf(child.pid) ?? 0)
      if (room < 0)
        killFor(new MediaError('MEDIA_TOO_COSTLY', `The picture took more than ${limits.imageChildRssBytesMax} bytes of memory.`))
      else watch = setTimeout(look, Math.min(WATCH_MS_MAX, Math.max(WATCH_MS_MIN, room / FILLED_BYTES_PER_MS)))
    }
    look()
    const tell = (done: number) => {
      try {
        onProgress(done)
      } catch (error) {
        killFor(new MediaError('WORKER_LOST', 'The work was called off.', { cause: error }))
      }
    }
    let onMessage: (message: FromChild) => void = () => undefined
    let files: Promise<Uint8Array[]> | null = null
    let isSent = false
    let isAnswered = false
    try {
      const answer = await new Promise<AnswerTo<J>>((resolve, reject) => {
        onMessage = (message) => {
          if (message.kind === 'progress') tell(message.done)
          if (message.kind === 'files' && files === null) {
            files = collect(out, message.sizes, limits.batchBytesMax)
            files.catch(reject)
          }
          if (message.kind === 'done') resolve(withFiles(message.answer, files))
          if (message.kind === 'refused') {
            isAnswered = files === null
            reject(new MediaError(message.code, message.detail))
          }
          if (message.kind === 'broken') reject(new Error(`the image decoder met a bug: ${message.detail}`))
        }
        child.on('message', onMessage)
        onGone = () => reject(killedFor)
        if (ended) onGone()
        // A pipe that breaks under the job means that the child is ending, and its end is answered above.
        child.send({ ...job, bytes: job.bytes.length } satisfies ToChild, () => undefined)
        ;(child.stdin as Writable).write(job.bytes, () => (isSent = true))
      })
      const taken = take ? take(answer) : (answer as T)
      isAnswered = answer !== null || files === null
      return taken
    } finally {
      // What it has not read would still be written to it from memory that is the caller's again, and read as the next picture.
      if (!isSent || !isAnswered || out.readableLength > 0)
        killFor(new MediaError('WORKER_LOST', 'The image decoder was ended with its picture.'))
      clearTimeout(deadline)
      clearTimeout(watch)
      child.off('message', onMessage)
      onGone = null
      items++
    }
  }

  return {
    pid: child.pid ?? -1,
    lean,
    get alive() {
      return alive()
    },
    get items() {
      return items
    },
    async run(job, options) {
      const { signal } = options
      const abort = () => killFor(new MediaError('WORKER_LOST', 'The work was called off.', { cause: signal?.reason }))
      const starting = setTimeout(
        () => killFor(new MediaError('WORKER_LOST', 'The image decoder does not start.')),
        limits.imageChildStartMsMax,
      )
      holdOpen(child, true)
      signal?.addEventListener('abort', abort, { once: true })
      if (signal?.aborted) abort()
      try {
        await whenReady
        clearTimeout(starting)
        return await answerTo(job, options)
      } finally {
        clearTimeout(starting)
        signal?.removeEventListener('abort', abort)
        if (killedFor) await gone
        else holdOpen(child, false)
      }
    },
    residentBytes: async () => residentBytesOf(child.pid),
    async kill() {
      // Whoever waits for its end must not be left hanging by a process that thinks it has nothing to do.
      holdOpen(child, true)
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** The answer with its files, which may still be on their way. */
async function withFiles<J extends Job>(rest: object | null, files: Promise<Uint8Array[]> | null): Promise<AnswerTo<J>> {
  return (rest === null ? null : { ...rest, files: (await files) ?? [] }) as AnswerTo<J>
}

/** An idle child must not keep this process from ending; a working one must. */
function holdOpen(child: ChildProcess, hold: boolean): void {
  const streams = child.stdio as readonly ({ ref?(): void; unref?(): void } | null | undefined)[]
  if (hold) {
    child.ref()
    child.channel?.ref()
    for (const stream of streams) stream?.ref?.()
  } else {
    child.unref()
    child.channel?.unref()
    for (const stream of streams) stream?.unref?.()
  }
}

/** More than proc(5) has ever put into a status. */
const STATUS_BYTES = 4_096
const status = Buffer.alloc(STATUS_BYTES)

/**
 * VmRSS of proc(5), which is in kB whatever the page size. The kernel answers from memory in some 20 microseconds;
 * asked by way of the thread pool, fifty times a second, it took a tenth of the CPU that the pipeline adds to a photo.
 */
function residentBytesOf(pid: number | undefined): number | null {
  try {
    const file = openSync(`/proc/${pid}/status`, 'r')
    try {
      const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status.toString('latin1', 0, readSync(file, status, 0, STATUS_BYTES, 0))) ?? []
      return kilobytes === undefined ? null : Number(kilobytes) * 1024
    } finally {
      closeSync(file)
    }
  } catch {
    return null
  }
}
