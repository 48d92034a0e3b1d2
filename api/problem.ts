import { codeOf, type ErrorCode, errorTable, isErrorCode, MediaError } from '../domain/errors.ts'
import type { Answer } from './call.ts'

/** RFC 9457, section 3; `code`, `advice` and `requestId` are our extension members. */
export interface Problem {
  /** A relative reference, as section 3.1.1 allows: it resolves to a page of this server. */
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ErrorCode
  readonly advice: string
  /** What to look for in the log; the header X-Request-ID has it too. */
  readonly requestId: string
}

/**
 * The problem of any thrown value. Details of faults on our side stay in the log: a message from a store
 * or a driver may name hosts and paths.
 */
export function problemOf(error: unknown, requestId: string): Problem {
  const code = codeOf(error)
  const row = errorTable[code]
  const ours = row.status >= 500
  const detail = error instanceof MediaError && !ours ? error.message : row.title
  return { type: `/problems/${code}`, title: row.title, status: row.status, detail, code, advice: row.advice, requestId }
}

/** The answer of a problem, with the headers that its code asks for. */
export function problemAnswer(problem: Problem): Answer {
  const headers: Record<string, string> = {}
  if (problem.code === 'UNAUTHENTICATED') headers['www-authenticate'] = 'Bearer realm="darkroom"'
  if (problem.status === 503) headers['retry-after'] = '2'
  return { status: problem.status, type: 'application/problem+json', headers, body: JSON.stringify(problem) }
}

/** The page behind a problem's type, or null for a code that is not in the table. All text is the table's own. */
export function problemPage(code: string): string | null {
  if (!isErrorCode(code)) return null
  const row = errorTable[code]
  const again = row.retry ? 'The same request may succeed later.' : 'The same request will fail again.'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${code} - Darkroom</title>
<h1>${row.title}</h1>
<p>${row.advice}</p>
<p>Code <code>${code}</code>, HTTP status ${row.status}. ${again}</p>
</html>
`
}
