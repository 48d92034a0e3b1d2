import pg from 'pg'
import { parseMediaId } from '../domain/ids.ts'
import type { CatalogSignal } from '../domain/ports.ts'
import { failureOf } from './failures.ts'

export interface SignalOptions {
  readonly config: pg.ClientConfig
  readonly onError: (error: unknown) => void
  /** An idle connection is asked this often whether it is still one. */
  readonly heartbeatMs: number
  readonly retryMsMin: number
  readonly retryMsMax: number
}

export interface Signals {
  subscribe(listener: (signal: CatalogSignal) => void): () => void
  close(): Promise<void>
}

/** The signal in a notification's payload; null for one of a newer release. */
export function parseSignal(payload: string): CatalogSignal | null {
  if (payload === 'outbox' || payload === 'erasure') return { kind: payload }
  const id = payload.startsWith('media ') ? parseMediaId(payload.slice(6)) : null
  return id === null ? null : { kind: 'media', id }
}

/**
 * Listens on a connection of its own, which it makes anew for ever when it breaks. What was told in between is
 * lost, so after each reconnection readers of the outbox and of the erasures are sent to look.
 */
export async function openSignals({ config, onError, heartbeatMs, retryMsMin, retryMsMax }: SignalOptions): Promise<Signals> {
  const listeners = new Set<(signal: CatalogSignal) => void>()
  let closed = false
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | undefined
  let retryMs = retryMsMin

  const tell = (signal: CatalogSignal) => {
    for (const listener of listeners) {
      try {
        listener(signal)
      } catch (error) {
        onError(error)
      }
    }
  }

  const connect = async () => {
    const next = new pg.Client(config)
    let broken = false
    const breaks = (error: unknown) => {
      if (broken || closed) return
      broken = true
      if (client === next) client = null
      onError(failureOf(error))
      void next.end().catch(() => {})
      clearTimeout(timer)
      timer = setTimeout(reconnect, retryMs)
      retryMs = Math.min(retryMs * 2, retryMsMax)
    }
    next.on('error', breaks)
    next.on('end', () => breaks(new Error('connection ended')))
    next.on('notification', ({ payload }) => {
      const signal = parseSignal(payload ?? '')
      if (signal) tell(signal)
    })
    const beat = () => {
      timer = setTimeout(() => void next.query('select 1').then(beat, breaks), heartbeatMs)
      timer.unref()
    }
    try {
      await next.connect()
      await next.query('listen darkroom')
    } catch (error) {
      breaks(error)
      throw failureOf(error)
    }
    client = next
    retryMs = retryMsMin
    if (closed) await next.end()
    else beat()
  }

  const reconnect = () => {
    connect().then(
      () => {
        tell({ kind: 'outbox' })
        tell({ kind: 'erasure' })
      },
      // Told by `breaks`, which has set the next attempt.
      () => {},
    )
  }

  try {
    await connect()
  } catch (error) {
    closed = true
    clearTimeout(timer)
    throw error
  }
  return {
    subscribe(listener) {
      // A function of its own, so that one listener may subscribe twice.
      const own = (signal: CatalogSignal) => listener(signal)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      listeners.clear()
      await client?.end()
    },
  }
}
