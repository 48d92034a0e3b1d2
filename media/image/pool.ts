import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import type { AnswerTo, ToChild } from './child-messages.ts'
import { type ChildLimits, type DecodingChild, startChild } from './child-process.ts'

export type PoolLimits = ChildLimits & Pick<Limits, 'imageChildItemsMax' | 'imageChildIdleRssBytesMax'>

export interface DecoderPool {
  /** Waits for a free slot, then as {@link DecodingChild.run}. */
  run<Job extends ToChild>(
    job: Job,
    options: { readonly signal?: AbortSignal | undefined; readonly onProgress: (done: number) => void },
  ): Promise<AnswerTo<Job>>
  /** Children that live now, for tests and health pages. */
  pids(): number[]
  /** Kills every child; what waits or works gets WORKER_LOST. */
  close(): Promise<void>
}

/**
 * At most `slots` children, started when first needed, kept warm, one item at a time each. One that died takes
 * only its item with it; one that has worked long or has grown is replaced between two items.
 */
export function createDecoderPool({ slots, limits }: { readonly slots: number; readonly limits: PoolLimits }): DecoderPool {
  if (!Number.isInteger(slots) || slots < 1) throw new Error(`a pool of ${slots} slots`)
  const idle: DecodingChild[] = []
  const busy = new Set<DecodingChild>()
  /** In order of arrival; each is called when a slot may have become free. */
  const waiting = new Set<() => void>()
  let closed = false

  async function take(signal: AbortSignal | undefined): Promise<DecodingChild> {
    for (;;) {
      if (closed) throw new MediaError('WORKER_LOST', 'The image decoders are closed.')
      if (signal?.aborted) {
        // It may have been woken for a slot that it will not use.
        wakeNext()
        throw new MediaError('WORKER_LOST', 'The work was called off.', { cause: signal.reason })
      }
      if (busy.size < slots) {
        let child = idle.pop()
        while (child && !child.alive) child = idle.pop()
        child ??= startChild(limits)
        busy.add(child)
        return child
      }
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        waiting.add(wake)
        signal?.addEventListener('abort', wake, { once: true })
      })
    }
  }

  async function giveBack(child: DecodingChild): Promise<void> {
    const worn = child.items >= limits.imageChildItemsMax || ((await child.residentBytes()) ?? 0) > limits.imageChildIdleRssBytesMax
    if (worn || closed || !child.alive) await child.kill()
    else idle.push(child)
    busy.delete(child)
    wakeNext()
  }

  function wakeNext(): void {
    const [wake] = waiting
    wake?.()
  }

  return {
    async run(job, options) {
      const child = await take(options.signal)
      try {
        return await child.run(job, options)
      } finally {
        await giveBack(child)
      }
    },
    pids: () => [...busy, ...idle].filter((child) => child.alive).map((child) => child.pid),
    async close() {
      closed = true
      for (const wake of waiting) wake()
      await Promise.all([...busy, ...idle].map(async (child) => await child.kill()))
    },
  }
}
