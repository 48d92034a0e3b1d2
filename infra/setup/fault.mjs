// What set-up could not do, as one sentence for a person. Never shown with a stack.
export class SetupFault extends Error {}

const errnoSentences = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  ENOTDIR: 'a part of the path is a file',
  EROFS: 'the file system is read-only',
}

const logSentences = [
  [/no space left on device|ENOSPC|disk quota exceeded|not enough free space/i, 'the disk is full'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|could not resolve|temporary failure (in name )?resol|no such host|dial tcp|network is unreachable|unknown host|could not transfer artifact|unable to connect|failed to fetch/i,
    'a package registry could not be reached',
  ],
  [/cannot allocate memory|signal: killed|out of memory/i, 'memory ran out'],
  [/checksum mismatch|EINTEGRITY/i, 'a download is not the pinned one (checksum mismatch)'],
  [/(gcc|cc|g\+\+|make)["']?: (executable file )?not found|C compiler/i, 'a C compiler is missing'],
  [/could not get lock|is another process using it/i, 'another package manager is at work'],
  [/EACCES|permission denied/i, 'permission is denied'],
]

/** The cause named by the end of a log, or undefined where none is recognised. */
export function causeIn(log) {
  return logSentences.find(([pattern]) => pattern.test(log))?.[1]
}

/** One sentence for whatever was thrown. */
export function sentenceOf(error) {
  if (error instanceof SetupFault) return error.message
  const cause = errnoSentences[error?.code]
  if (cause !== undefined) return `${cause}${error.path ? ` (${error.path})` : ''}`
  return String(error?.message ?? error).split('\n')[0]
}
