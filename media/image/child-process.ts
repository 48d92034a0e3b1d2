import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync, readSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { AnswerTo, FromChild, ToChild } from './child-messages.ts'
import type { DecodeLimits } from './examine.ts'

export type ChildLimits = DecodeLimits &
  Pick<Limits, 'imageDecodeMsMax' | 'imageEnhanceMsMax' | 'imageChildRssBytesMax' | 'imageChildStartMsMax'>

/** How often a working child's memory is looked at: a decoder touches some 50 MB in that time. */
const WATCH_MS = 20
const STDERR_KEPT = 2_000

export interface DecodingChild {
  readonly pid: number
  readonly alive: boolean
  /** Items answered so far. */
  readonly items: number
  /** MEDIA_TOO_COSTLY when it was killed for a limit; WORKER_LOST when it ended otherwise or on abort; what the child refuses with. */
  run<Job extends ToChild>(
    job: Job,
    options: { readonly signal?: AbortSignal | undefined; readonly onProgress: (done: number) => void },
  ): Promise<AnswerTo<Job>>
  /** Resident bytes, or null where the system does not tell. */
  residentBytes(): Promise<number | null>
  /** Returns when it is gone. */
  kill(): Promise<void>
}

/** Starts a child; it is ready for {@link DecodingChild.run} at once, and dies with this process. */
export function startChild(limits: ChildLimits): DecodingChild {
  const decodeLimits: DecodeLimits = limits
  const child = fork(fileURLToPath(new URL('./child.ts', import.meta.url)), [JSON.stringify(decodeLimits)], {
    serialization: 'advanced',
    execArgv: ['--max-old-space-size=256'],
    // Nothing of ours: no keys, no addresses. One decode at a time needs no more threads and arenas, and pictures go
    // back to the system when they are done with: glibc would raise these thresholds and keep some 40 MB.
    env: { UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '1048576' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
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

  async function answerTo<Job extends ToChild>(job: Job, onProgress: (done: number) => void): Promise<AnswerTo<Job>> {
    const msMax = job.kind === 'develop' && job.plan.effort === 'high' ? limits.imageEnhanceMsMax : limits.imageDecodeMsMax
    const deadline = setTimeout(() => killFor(new MediaError('MEDIA_TOO_COSTLY', `The picture took longer than ${msMax} ms.`)), msMax)
    const watch = setInterval(() => {
      const bytes = residentBytesOf(child.pid)
      if (bytes !== null && bytes > limits.imageChildRssBytesMax)
        killFor(new MediaError('MEDIA_TOO_COSTLY', `The picture took more than ${limits.imageChildRssBytesMax} bytes of memory.`))
    }, WATCH_MS)
    const tell = (done: number) => {
      try {
        onProgress(done)
      } catch (error) {
        killFor(new MediaError('WORKER_LOST', 'The work was called off.', { cause: error }))
      }
    }
    let onMessage: (message: FromChild) => void = () => undefined
    try {
      return await new Promise<AnswerTo<Job>>((resolve, reject) => {
        onMessage = (message) => {
          if (message.kind === 'progress') tell(message.done)
          if (message.kind === 'done') resolve(message.answer as AnswerTo<Job>)
          if (message.kind === 'refused') reject(new MediaError(message.code, message.detail))
          if (message.kind === 'broken') reject(new Error(`the image decoder met a bug: ${message.detail}`))
        }
        child.on('message', onMessage)
        onGone = () => reject(killedFor)
        if (ended) onGone()
        // A pipe that breaks under the job means that the child is ending, and its end is answered above.
        child.send(job, () => undefined)
      })
    } finally {
      clearTimeout(deadline)
      clearInterval(watch)
      child.off('message', onMessage)
      onGone = null
      items++
    }
  }

  return {
    pid: child.pid ?? -1,
    get alive() {
      return alive()
    },
    get items() {
      return items
    },
    async run(job, { signal, onProgress }) {
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
        return await answerTo(job, onProgress)
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

/** An idle child must not keep this process from ending; a working one must. */
function holdOpen(child: ChildProcess, hold: boolean): void {
  const stderr = child.stderr as { ref?(): void; unref?(): void } | null
  if (hold) {
    child.ref()
    child.channel?.ref()
    stderr?.ref?.()
  } else {
    child.unref()
    child.channel?.unref()
    stderr?.unref?.()
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
