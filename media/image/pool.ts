import { MediaError } from '../../domain/errors.ts'
import type { Limits } from '../../domain/limits.ts'
import { childProgram, createChildCode } from './child-code.ts'
import type { AnswerTo, Job } from './child-messages.ts'
import { type ChildLimits, type DecodingChild, type JobOptions, startChild } from './child-process.ts'

export type PoolLimits = ChildLimits & Pick<Limits, 'imageChildItemsMax' | 'imageChildIdleRssBytesMax' | 'imageDecodeBytesPerSlot'>

export interface RunOptions<J extends Job, T = AnswerTo<J>> extends JobOptions<J, T> {
  /** What decoding will take, as its header tells; 0 unless given. */
  readonly decodeBytes?: number
}

export interface PoolOptions {
  /** Items decoded at the same time; one CPU each is what they use. */
  readonly slots: number
  readonly limits: PoolLimits
  /** Where the children's compiled code is kept; a folder of the pool's own if it is not given. */
  readonly codeFolder?: string | undefined
  /** Decodes what takes much memory otherwise; without it that memory is taken. */
  readonly ffmpeg?: string | undefined
  /** What a child runs; the decoder unless a test has another. */
  readonly program?: string | undefined
}

export interface DecoderPool {
  /** Waits in line for a free slot and for the memory, then as {@link DecodingChild.run}. */
  run<J extends Job, T = AnswerTo<J>>(job: J, options: RunOptions<J, T>): Promise<T>
  /** Children that live now, for tests and health pages. */
  pids(): number[]
  /** Kills every child; what waits or works gets WORKER_LOST. */
  close(): Promise<void>
}

/**
 * At most `slots` children, started when first needed, kept warm, one item at a time each. One that died takes
 * only its item with it; one that has worked long or has grown is replaced between two items. What is decoded at once
 * stays within the memory for all; an item that needs more than half of it gets a child of its own that keeps no memory,
 * and has idle ones ended first; one that needs all of it works alone.
 */
export function createDecoderPool({ slots, limits, codeFolder, ffmpeg, program = childProgram }: PoolOptions): DecoderPool {
  if (!Number.isInteger(slots) || slots < 1) throw new Error(`a pool of ${slots} slots`)
  const idle: DecodingChild[] = []
  /** With what each one's item is predicted to take. */
  const busy = new Map<DecodingChild, number>()
  /** In order of arrival; each is called when it may be its turn. Nobody passes: what needs much memory would wait for ever. */
  const line = new Set<{ wake: () => void }>()
  let closed = false
  const code = createChildCode({ program, folder: codeFolder, limits })
  const bytesMax = slots * limits.imageDecodeBytesPerSlot

  function fits(decodeBytes: number): boolean {
    if (busy.size >= slots) return false
    const taken = [...busy.values()].reduce((sum, bytes) => sum + bytes, 0)
    return busy.size === 0 || taken + decodeBytes <= bytesMax
  }

  async function take(decodeBytes: number, signal: AbortSignal | undefined): Promise<DecodingChild> {
    const compiled = await code.folder()
    const place = { wake: () => undefined as void }
    line.add(place)
    try {
      for (;;) {
        if (closed) throw new MediaError('WORKER_LOST', 'The image decoders are closed.')
        if (signal?.aborted) throw new MediaError('WORKER_LOST', 'The work was called off.', { cause: signal.reason })
        const [first] = line
        if (first === place && fits(decodeBytes)) return start(decodeBytes, compiled)
        await new Promise<void>((resolve) => {
          place.wake = () => {
            signal?.removeEventListener('abort', place.wake)
            resolve()
          }
          signal?.addEventListener('abort', place.wake, { once: true })
        })
      }
    } finally {
      line.delete(place)
      wakeNext()
    }
  }

  function start(decodeBytes: number, compiled: string | null): DecodingChild {
    const lean = decodeBytes > bytesMax / 2
    if (lean) for (const other of idle.splice(0)) void other.kill()
    let child = idle.pop()
    while (child && !child.alive) child = idle.pop()
    child ??= startChild(limits, { program, ffmpeg, code: compiled, lean })
    busy.set(child, decodeBytes)
    return child
  }

  async function giveBack(child: DecodingChild): Promise<void> {
    const worn =
      child.lean || child.items >= limits.imageChildItemsMax || ((await child.residentBytes()) ?? 0) > limits.imageChildIdleRssBytesMax
    if (worn || closed || !child.alive) await child.kill()
    else idle.push(child)
    busy.delete(child)
    wakeNext()
  }

  function wakeNext(): void {
    const [first] = line
    first?.wake()
  }

  return {
    async run(job, options) {
      const child = await take(options.decodeBytes ?? 0, options.signal)
      try {
        return await child.run(job, options)
      } finally {
        await giveBack(child)
      }
    },
    pids: () => [...busy.keys(), ...idle].filter((child) => child.alive).map((child) => child.pid),
    async close() {
      closed = true
      for (const { wake } of line) wake()
      await Promise.all([...busy.keys(), ...idle].map(async (child) => await child.kill()))
      await code.remove()
    },
  }
}
