import { connect } from 'node:net'
import { engineLimits } from './limits.ts'

const host = '127.0.0.1'

/** Whether something takes connections on a port of 127.0.0.1. */
export function connects(port: number): Promise<boolean> {
  return exchange(port, null).then((answer) => answer !== null)
}

/**
 * Connects, sends `request`, and gives the first bytes of the answer (none are waited for without a request);
 * null when the connection is refused, cut, or silent for engineLimits.probeMsMax.
 */
export function exchange(port: number, request: Uint8Array | null): Promise<Uint8Array | null> {
  return new Promise((done) => {
    const socket = connect({ port, host })
    const end = (answer: Uint8Array | null) => {
      socket.destroy()
      done(answer)
    }
    socket.setTimeout(engineLimits.probeMsMax, () => end(null))
    socket.once('error', () => end(null))
    socket.once('close', () => end(null))
    socket.once('connect', () => {
      if (request === null) end(new Uint8Array())
      else socket.write(request)
    })
    socket.once('data', end)
  })
}

/** Status and body of a GET, or null when nothing answered. */
export async function get(url: string): Promise<{ readonly status: number; readonly body: string } | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(engineLimits.probeMsMax), redirect: 'manual' })
    return { status: answer.status, body: await answer.text() }
  } catch {
    // Refused, cut or too slow: not ready yet, whatever the reason.
    return null
  }
}
