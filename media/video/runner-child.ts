/**
 * The process that starts ffmpeg and ffprobe for a worker: see runner.ts. When the worker is gone so is this one, and the
 * leash of what it started ends that.
 */
import { flushCompileCache } from 'node:module'
import { MediaError } from '../../domain/errors.ts'
import { runFfmpeg } from './ffmpeg.ts'
import { runFfprobe } from './ffprobe.ts'
import type { FromRunner, Job, ToRunner, Written } from './runner-messages.ts'

/** Keys of ffmpeg's progress that anybody asks for; a dozen others come with each. */
const KEYS = new Set(['frame', 'out_time_us'])

// Now: who is killed in the end writes nothing.
flushCompileCache()

const running = new Map<number, AbortController>()

process.on('disconnect', () => {
  // Where there is no leash they would go on.
  for (const control of running.values()) control.abort()
  process.exit()
})
// A terminal's Ctrl-C and a service manager's stop reach the whole group; the worker decides when work ends.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => undefined)
// It may be gone already.
if (!process.connected) process.exit()
process.on('message', (message) => {
  const asked = message as ToRunner
  if (asked.kind === 'abort') running.get(asked.id)?.abort()
  else void answer(asked)
})

async function answer(job: Job & { readonly id: number }): Promise<void> {
  const { id } = job
  const control = new AbortController()
  running.set(id, control)
  try {
    send({ kind: 'done', id, written: await run(job, control.signal) })
  } catch (error) {
    if (control.signal.aborted) send({ kind: 'aborted', id })
    else if (error instanceof MediaError) send({ kind: 'failed', id, code: error.code, facts: error.facts })
    else send({ kind: 'broken', id, detail: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    running.delete(id)
  }
}

async function run(job: Job & { readonly id: number }, signal: AbortSignal): Promise<Written> {
  if (job.kind === 'ffprobe') return await runFfprobe(job.args, job.source, job.options)
  const onProgress = (key: string, value: string) => {
    if (KEYS.has(key)) send({ kind: 'progress', id: job.id, key, value })
  }
  return { stdout: '', lines: await runFfmpeg(job.command, { ...job.options, signal, onProgress }) }
}

function send(message: FromRunner): void {
  // A channel that is closed means that the worker is gone, which is seen to above.
  if (process.connected) process.send?.(message, () => undefined)
}
