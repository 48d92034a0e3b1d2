import { MediaError, type ErrorCode } from '../../domain/errors.ts'
import { isRemote } from './command.ts'

/** How a child ended, as far as it is known. */
export interface Ending {
  /** Exit status, or null when a signal ended it or it never began. */
  readonly status: number | null
  readonly signal: string | null
  /** The last lines that it wrote to stderr, oldest first. */
  readonly lines: readonly string[]
  /** Not found or not executable. */
  readonly missing: boolean
  /** We ended it because its time was over. */
  readonly overdue: boolean
}

/** What a line of ffmpeg or ffprobe means for the whole run; the first row that matches any line decides. */
const meanings: readonly { readonly pattern: RegExp; readonly code: ErrorCode; readonly remoteOnly?: true }[] = [
  { pattern: /No space left on device|Disk quota exceeded/i, code: 'STORAGE_FULL' },
  // x264 and the decoders have words of their own for memory that they were not given.
  { pattern: /Cannot allocate memory|malloc of size \d+ failed|get_buffer\(\) failed/i, code: 'MEDIA_TOO_COSTLY' },
  { pattern: /Picture size .* exceeds specified max pixel count/i, code: 'MEDIA_TOO_COSTLY' },
  { pattern: /(HTTP error|Server returned) (404|410)/i, code: 'OBJECT_NOT_FOUND', remoteOnly: true },
  // A range beyond the object's end is what reading a truncated file over HTTP comes down to.
  { pattern: /HTTP error 416/i, code: 'MEDIA_CORRUPT', remoteOnly: true },
  {
    pattern:
      /HTTP error|Server returned|Connection (refused|reset|timed out)|timed out|Network is unreachable|Failed to resolve|Stream ends prematurely|TLS|Immediate exit requested/i,
    code: 'STORAGE_UNAVAILABLE',
    remoteOnly: true,
  },
  { pattern: /: No such file or directory/i, code: 'OBJECT_NOT_FOUND' },
  { pattern: /: Permission denied/i, code: 'STORAGE_UNAVAILABLE' },
  { pattern: /not on whitelist '(?!file|http)/i, code: 'MEDIA_TYPE_UNSUPPORTED' },
]

/**
 * The error of the world behind a child's ending. What it wrote goes into the facts, for logs, without the
 * source's address and the run's folder: presigned URLs are credentials.
 */
export function failureOf(program: 'ffmpeg' | 'ffprobe', source: string, ending: Ending, hidden: readonly string[] = []): MediaError {
  const stderr = redact(ending.lines.slice(-12).join('\n'), [source, ...hidden])
  const facts = { program, status: ending.status ?? -1, signal: ending.signal ?? '', stderr }
  return new MediaError(codeOfEnding(source, ending), undefined, { facts })
}

function codeOfEnding(source: string, ending: Ending): ErrorCode {
  if (ending.missing) return 'ENGINE_MISSING'
  if (ending.overdue) return 'MEDIA_TOO_COSTLY'
  const remote = isRemote(source)
  const text = ending.lines.join('\n')
  const meaning = meanings.find((row) => (remote || !row.remoteOnly) && row.pattern.test(text))
  if (meaning) return meaning.code
  // Not our SIGKILL: the system's, for want of memory, or an operator's. A crash (SIGSEGV, SIGABRT) is the file's doing.
  if (ending.signal === 'SIGKILL' || ending.signal === 'SIGTERM') return 'WORKER_LOST'
  return 'MEDIA_CORRUPT'
}

/**
 * The failure in what a child logged although it ended well, or null: ffmpeg takes a connection that breaks
 * and a file that stops early for the end of the film.
 */
export function hiddenFailure(program: 'ffmpeg' | 'ffprobe', source: string, lines: readonly string[]): MediaError | null {
  const failure = failureOf(program, source, { status: 0, signal: null, lines, missing: false, overdue: false })
  const truncated = lines.some((line) => /partial file|File ended prematurely/i.test(line))
  // A muxer that is closed on a full disk leaves half a file and status 0.
  if (failure.code === 'STORAGE_FULL') return failure
  return truncated || (isRemote(source) && ['STORAGE_UNAVAILABLE', 'OBJECT_NOT_FOUND'].includes(failure.code)) ? failure : null
}

/**
 * Whether a decoder came upon damage and went on. What a decoder says of frames that refer to some before its first one is
 * no damage: every open group of pictures has those.
 */
export function hasDamage(lines: readonly string[]): boolean {
  return lines.some((line) =>
    /error while decoding|decode_slice_header error|Invalid NAL unit|Error parsing NAL unit|damaged at \d/i.test(line),
  )
}

/** `text` without the given addresses, also where only the part before a query is printed. */
export function redact(text: string, hidden: readonly string[]): string {
  let safe = text
  for (const secret of hidden) {
    for (const form of [secret, secret.split('?')[0] ?? '']) if (form.length > 3) safe = safe.replaceAll(form, '<hidden>')
  }
  return safe.replace(/\bhttps?:\/\/\S+/gi, '<hidden>')
}
