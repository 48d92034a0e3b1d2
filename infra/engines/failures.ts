import { MediaError } from '../../domain/errors.ts'
import { tellingLine } from './logs.ts'

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function manner({ code, signal }: Exit): string {
  return signal === null ? `with status ${code}` : `by ${signal}`
}

/** One sentence, and the code, for an engine that ended when it should not have; `text` is the end of its log. */
export function failureOf(title: string, doing: string, exit: Exit, text: string, log: string): MediaError {
  const facts = { engine: title, log }
  if (/no space left on device|disk quota exceeded|\bENOSPC\b/i.test(text)) {
    return new MediaError('STORAGE_FULL', `${title} ended ${doing}: there is no space left on its disk (log: ${log}).`, { facts })
  }
  const line = tellingLine(text)
  if (/address already in use|\bEADDRINUSE\b/i.test(text)) {
    return new MediaError('PORT_IN_USE', `${title} ended ${doing}: its port is in use by another program: ${line} (log: ${log}).`, {
      facts,
    })
  }
  const reason = line === '' ? 'it said nothing' : line.replace(/\.$/, '')
  return new MediaError('ENGINE_FAILED', `${title} ended ${doing}, ${manner(exit)}: ${reason} (log: ${log}).`, { facts })
}
