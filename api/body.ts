import type { IncomingMessage } from 'node:http'
import { MediaError } from '../domain/errors.ts'

export interface Pace {
  /** A client silent for this long is cut off. */
  readonly idleMsMax: number
  /** Slower than this on average, once it has been waited for `idleMsMax` in all, and it is cut off too. */
  readonly bytesPerSecondMin: number
}

/**
 * The chunks of a request's body. Only the time spent waiting for the client counts against its pace, not
 * the time a slow store takes. UPLOAD_STALLED; UPLOAD_INCOMPLETE when the client goes away. Unlike the
 * stream's own iterator it leaves the connection open when it is given up, so that an answer can be sent.
 */
export async function* bodyOf(request: IncomingMessage, pace: Pace): AsyncGenerator<Buffer, void, undefined> {
  let wake = () => {}
  const onChange = () => wake()
  const events = ['readable', 'end', 'error', 'close'] as const
  for (const event of events) request.on(event, onChange)
  let waitedMs = 0
  let bytes = 0
  try {
    for (;;) {
      const chunk: Buffer | null = request.read()
      if (chunk !== null) {
        bytes += chunk.length
        if (waitedMs > pace.idleMsMax && bytes < (waitedMs / 1000) * pace.bytesPerSecondMin)
          throw new MediaError('UPLOAD_STALLED', 'The body comes too slowly.')
        yield chunk
        continue
      }
      if (request.readableEnded) return
      if (request.destroyed) throw new MediaError('UPLOAD_INCOMPLETE')
      const since = performance.now()
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new MediaError('UPLOAD_STALLED', `Nothing came for ${pace.idleMsMax} ms.`)), pace.idleMsMax)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
      waitedMs += performance.now() - since
    }
  } finally {
    for (const event of events) request.off(event, onChange)
  }
}

/** The chunks of `body` up to the one that brings `bytes`, fewer when it ends before. Does not end `body`. */
export async function takeHead(body: AsyncGenerator<Buffer, void, undefined>, bytes: number): Promise<Buffer[]> {
  const head: Buffer[] = []
  for (let size = 0; size < bytes; ) {
    const next = await body.next()
    if (next.done) break
    head.push(next.value)
    size += next.value.length
  }
  return head
}

/** `head`, then the rest of `body`. */
export async function* joined(head: readonly Buffer[], body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  yield* head
  yield* body
}
