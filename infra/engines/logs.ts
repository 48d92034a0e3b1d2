import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { engineLimits } from './limits.ts'

/** An engine's log file: appended to by the engine itself, so that it goes on when we are killed. */
export interface EngineLog {
  readonly file: string
  /** For the child's stdio; closed by the caller once the child has it. */
  readonly descriptor: number
  /** The end of what was written since the log was opened. */
  tail(): string
}

function setAside(file: string): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > engineLimits.logBytesMax) renameSync(file, `${file}.1`)
}

export function openLog(file: string): EngineLog {
  setAside(file)
  const descriptor = openSync(file, 'a', 0o600)
  const from = fstatSync(descriptor).size
  const tail = () => {
    const reader = openSync(file, 'r')
    try {
      const { size } = fstatSync(reader)
      const start = Math.max(from, size - engineLimits.logTailBytes)
      const bytes = Buffer.alloc(Math.max(0, size - start))
      return bytes.toString('utf8', 0, readSync(reader, bytes, 0, bytes.length, start))
    } finally {
      closeSync(reader)
    }
  }
  return { file, descriptor, tail }
}

const telling = /\b(fatal|panic|error|cannot|can't|could not|failed|refused|denied|unable|invalid|unknown|no such|not found|exception)\b/i
const lineCharactersMax = 300

/** The one line of a log that says best why its program ended: the last but noise that names a failure, or else the last. */
export function tellingLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^at |^\.\.\. \d+ more|^goroutine \d+/.test(line))
  const line = lines.findLast((candidate) => telling.test(candidate)) ?? lines.at(-1) ?? ''
  return line.length > lineCharactersMax ? `${line.slice(0, lineCharactersMax)}…` : line
}
