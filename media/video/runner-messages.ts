import type { ErrorCode } from '../../domain/errors.ts'
import type { Command } from './command.ts'
import type { RunOptions } from './ffmpeg.ts'
import type { ProbeRunOptions } from './ffprobe.ts'

/** What the runner is asked to start; answers carry the number that it was asked with. */
export type Job =
  | { readonly kind: 'ffmpeg'; readonly command: Command; readonly options: Omit<RunOptions, 'signal' | 'onProgress'> }
  | { readonly kind: 'ffprobe'; readonly args: readonly string[]; readonly source: string; readonly options: ProbeRunOptions }

/** What the program wrote: lines to stderr, and to stdout where that is wanted. */
export interface Written {
  readonly stdout: string
  readonly lines: readonly string[]
}

export type ToRunner = (Job & { readonly id: number }) | { readonly kind: 'abort'; readonly id: number }

export type FromRunner =
  | { readonly kind: 'progress'; readonly id: number; readonly key: string; readonly value: string }
  | { readonly kind: 'done'; readonly id: number; readonly written: Written }
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly code: ErrorCode
      readonly facts: Readonly<Record<string, string | number | boolean>>
    }
  /** It was called off, and what ran is gone. */
  | { readonly kind: 'aborted'; readonly id: number }
  /** A bug of ours. */
  | { readonly kind: 'broken'; readonly id: number; readonly detail: string }
