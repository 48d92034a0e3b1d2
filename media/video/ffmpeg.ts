/**
 * The one place that runs ffmpeg, through fluent-ffmpeg. That package is archived, so it does here only what
 * it must: hold the arguments, spawn, split stderr into lines, kill. What it would do beyond that is switched
 * off: it parses `ffmpeg -formats` before every first run (and fails on ffmpeg 7's), and it starts an ffprobe
 * of its own on the source, without protocol list or deadline, when someone listens for `progress`.
 */
import fluent from 'fluent-ffmpeg'
import type { Command } from './command.ts'
import { failureOf, type Ending } from './failure.ts'

export interface RunOptions {
  readonly ffmpeg: string
  /** Programs and arguments before ffmpeg's own, from {@link leashFor}. */
  readonly leash: readonly string[]
  /** Working folder: relative paths in the command lie in it. */
  readonly folder: string
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
  /** Values of ffmpeg's `-progress`, for example frame and out_time_us. */
  readonly onProgress?: (key: string, value: string) => void
}

/** What fluent-ffmpeg keeps to itself and this file replaces. */
interface Insides {
  _prepare(callback: (error: Error | null, args?: string[]) => void): void
  _getArguments(): string[]
  _getFfmpegPath(callback: (error: Error | null, path: string) => void): void
}

const LINES_KEPT = 40
const LINE_CHARACTERS_MAX = 500

/**
 * Runs ffmpeg to its end and gives the last lines it logged. Throws what {@link failureOf} makes of any
 * other ending, MEDIA_TOO_COSTLY after `deadlineMs`, and the signal's reason when aborted. The child is
 * killed at once and is gone when the promise settles.
 */
export async function runFfmpeg(command: Command, options: RunOptions): Promise<readonly string[]> {
  options.signal?.throwIfAborted()
  const lines: string[] = []
  const child = commandOf(command, options)
  let overdue = false
  const kill = () => child.kill('SIGKILL')
  const timer = setTimeout(() => {
    overdue = true
    kill()
  }, options.deadlineMs)
  options.signal?.addEventListener('abort', kill, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      child.on('stderr', (line: string) => {
        const pair = /^([a-z_0-9]+)=\s*(\S*)$/.exec(line)
        if (pair) return options.onProgress?.(pair[1] ?? '', pair[2] ?? '')
        if (line.trim() === '') return
        lines.push(line.slice(0, LINE_CHARACTERS_MAX))
        if (lines.length > LINES_KEPT) lines.shift()
      })
      child.on('end', () => resolve())
      child.on('error', (error: Error) =>
        reject(failureOf('ffmpeg', command.source.replace(/^file:/, ''), endingOf(error, lines, overdue), [options.folder])),
      )
      child.run()
    })
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', kill)
  }
  return lines
}

function commandOf(command: Command, { ffmpeg, leash, folder }: RunOptions): fluent.FfmpegCommand {
  const built = fluent({ cwd: folder, stdoutLines: LINES_KEPT } as fluent.FfmpegCommandOptions)
  // Flags and values as separate arguments: in one string, or one array, fluent-ffmpeg splits at blanks.
  built.input(command.source).inputOptions(...asPair(command.inputOptions))
  for (const { source, options } of command.moreInputs ?? []) built.input(source).inputOptions(...asPair(options))
  for (const output of command.outputs) built.output(output.target).outputOptions(...asPair(output.options))
  const insides = built as unknown as Insides
  const args = insides._getArguments()
  const [program = ffmpeg, ...rest] = [...leash, ffmpeg, ...args]
  insides._prepare = (callback) => callback(null, rest)
  insides._getFfmpegPath = (callback) => callback(null, program)
  return built
}

/** fluent-ffmpeg splits a lone argument but never two or more. */
function asPair(options: readonly string[]): [string, string, ...string[]] {
  const [first, second, ...rest] = options
  if (first === undefined || second === undefined) throw new Error('fewer than two options')
  return [first, second, ...rest]
}

/** fluent-ffmpeg tells of the ending in words only. */
function endingOf(error: Error & { code?: unknown }, lines: readonly string[], overdue: boolean): Ending {
  const status = /exited with code (\d+)/.exec(error.message)?.[1]
  return {
    status: status === undefined ? null : Number(status),
    signal: /killed with signal (\w+)/.exec(error.message)?.[1] ?? null,
    lines,
    // 127 is what the leash's programs exit with when there is no ffmpeg.
    missing: error.code === 'ENOENT' || error.code === 'EACCES' || status === '127' || status === '126',
    overdue,
  }
}
