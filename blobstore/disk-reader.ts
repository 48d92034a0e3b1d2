/**
 * A thread that reads. Synchronous calls cost half of what libuv's hand-over does, and the checksums of what was read
 * are looked at here, where nobody else waits for them.
 */
import { readSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { openAsyncReads } from './async-reads.ts'
import { quickenCrc } from './crc.ts'
import { errnoOf } from './errno.ts'
import { isSoundRecord } from './needle.ts'
import { plainModule } from './plain-module.ts'
import { BUFFERS, ReadRing, type RingMemory } from './read-ring.ts'
import { serveAsync } from './serve-async.ts'

/** What a thread that reads is started with. */
export interface ReaderData extends RingMemory {
  /** Whether it first hands on its own text, for others to start from. */
  readonly isModel: boolean
  /** Whether it is to have many reads with the disk at once, if the system lets it. */
  readonly isAsync: boolean
}

/** What such a thread says: that there are answers, or from what URL others may start. */
export type ReaderWord = 0 | { readonly text: string }

const { isModel, isAsync, ...memory } = workerData as ReaderData
const ring = new ReadRing(memory)
quickenCrc(memory.buffers)

/** Gives whether it is time to tell of the answer. */
function serve(slot: number): boolean {
  const { fd, start, span, place } = ring.requestOf(slot)
  const startedMs = performance.now()
  try {
    // A local file answers a read short only where it ends.
    const count = readSync(fd, ring.bufferOf(slot), place, span, start)
    return answer(slot, count, performance.now() - startedMs)
  } catch (error) {
    return answer(slot, errnoOf(error), performance.now() - startedMs)
  }
}

function answer(slot: number, count: number, ms: number): boolean {
  const { place, skip, length, seed } = ring.requestOf(slot)
  const from = place + skip
  const isSound =
    count >= 0 && seed !== null && isSoundRecord(ring.bufferOf(slot).subarray(from, place + Math.min(count, skip + length)), seed)
  return ring.answer(slot, count, isSound, ms)
}

function say(word: ReaderWord): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
  parentPort?.postMessage(word)
}

function tell(): void {
  if (ring.tell()) say(0)
}

if (isModel) say({ text: plainModule(new URL(import.meta.url)).href })
const reads = isAsync ? openAsyncReads(memory.buffers, BUFFERS) : null
if (reads === null) {
  ring.join()
  for (let slot = ring.take(tell); slot !== null; slot = ring.take(tell)) if (serve(slot)) tell()
} else {
  try {
    serveAsync(ring, reads, { answer: (slot, count) => void answer(slot, count, 0), readNow: (slot) => void serve(slot), tell })
  } finally {
    reads.close()
  }
}
