import { closeSync, readSync } from 'node:fs'
import type { SharedMemory } from './aligned-memory.ts'
import { adviseForDisks, foreignCalls } from './foreign-calls.ts'

/** The fields of linux/aio_abi.h; both kinds of processor below are little-endian. */
const IOCB = { bytes: 64, tag: 0, operation: 16, fd: 20, address: 24, length: 32, offset: 40 } as const
const EVENT = { bytes: 32, tag: 0, result: 16 } as const
const operation = { read: 0, poll: 5 } as const
/** Of poll(2). */
const POLLIN = 1
/** Of eventfd(2): not inherited by programs that are started, and a read of it never waits. */
const EFD_FLAGS = 0o2000000 | 0o4000

/** Numbers of the system's calls, of which each kind of processor has its own. */
const CALLS: { readonly [arch: string]: { setup: number; destroy: number; events: number; submit: number } } = {
  x64: { setup: 206, destroy: 207, events: 208, submit: 209 },
  arm64: { setup: 0, destroy: 1, events: 4, submit: 2 },
}

/** Of the bell. */
const BELL = 0xffff_ffff

export interface AsyncRead {
  /** Comes back with the answer; below 2^32 - 1. */
  readonly tag: number
  readonly fd: number
  /** In the file. */
  readonly offset: number
  /** Where in the memory the bytes go. */
  readonly at: number
  readonly length: number
}

/** Reads of which many are under way at once, asked for and answered in one thread. */
export interface AsyncReads {
  /** Whoever writes a 1 of eight bytes to this file ends a wait. */
  readonly bellFd: number
  /** Notes a read, to be asked for by {@link submit}. */
  add(read: AsyncRead): void
  /** Asks the disk for all that was noted; what the system does not take is told at once. */
  submit(onRefused: (tag: number) => void): void
  /**
   * Waits for an answer or the bell. Gives how many answers there were.
   * @param msMax a thread that waits here cannot be ended
   * @param onAnswer `count`: bytes read, fewer where the file ends, or the number of an error, below 0; in it reads may be added and submitted
   */
  wait(msMax: number, onAnswer: (tag: number, count: number) => void): number
  close(): void
}

type Call = (...numbersAndMemory: unknown[]) => number

/**
 * The reads of Linux's io_submit(2), which are asynchronous for files opened with O_DIRECT. Node has no name for them, hence calls by
 * their numbers. The memory is advised to lie on large pages.
 * @param readsMax under way at once
 * @returns null where this cannot be had: on another system, without the library for its platform, or where it is forbidden
 */
export function openAsyncReads(memory: SharedMemory, readsMax: number): AsyncReads | null {
  const numbers = CALLS[process.arch]
  const koffi = foreignCalls()
  if (numbers === undefined || koffi === null) return null
  const system = koffi.load(null)
  const setUp: Call = system.func('long syscall(long number, long reads, void *context)')
  const destroy: Call = system.func('long syscall(long number, uint64_t context)')
  const ask: Call = system.func('long syscall(long number, uint64_t context, long count, void *reads)')
  const take: Call = system.func('long syscall(long number, uint64_t context, long min, long max, void *events, void *timeout)')
  const newBell: Call = system.func('int eventfd(unsigned int value, int flags)')

  const eventsMax = readsMax + 1
  const context = new BigUint64Array(1)
  if (setUp(numbers.setup, eventsMax, context) !== 0) return null
  const [id = 0n] = context
  const bellFd = newBell(0, EFD_FLAGS)
  if (bellFd < 0) {
    destroy(numbers.destroy, id)
    return null
  }
  const base = adviseForDisks(memory) ?? 0

  const iocbs = new DataView(new ArrayBuffer(eventsMax * IOCB.bytes))
  const iocbsAt = koffi.address(iocbs.buffer)
  const pointers = new BigUint64Array(eventsMax)
  const events = new DataView(new ArrayBuffer(eventsMax * EVENT.bytes))
  const eventBytes = new Uint8Array(events.buffer)
  /** Seconds and nanoseconds. */
  const timeout = new BigInt64Array(2)
  const rung = new Uint8Array(8)
  let noted = 0

  function note(tag: number, kind: number, fd: number, address: number, length: number, offset: number): void {
    const at = noted * IOCB.bytes
    iocbs.setUint32(at + IOCB.tag, tag, true)
    iocbs.setUint16(at + IOCB.operation, kind, true)
    iocbs.setUint32(at + IOCB.fd, fd, true)
    setNumber(iocbs, at + IOCB.address, address)
    iocbs.setUint32(at + IOCB.length, length, true)
    setNumber(iocbs, at + IOCB.offset, offset)
    pointers[noted] = iocbsAt + BigInt(at)
    noted += 1
  }
  const hangBell = () => note(BELL, operation.poll, bellFd, POLLIN, 0, 0)

  hangBell()
  return {
    bellFd,
    add: ({ tag, fd, at, length, offset }) => note(tag, operation.read, fd, base + at, length, offset),
    submit(onRefused) {
      const count = noted
      noted = 0
      const refused: number[] = []
      for (let done = 0; done < count; ) {
        const taken = ask(numbers.submit, id, count - done, pointers.subarray(done, count))
        if (taken <= 0) refused.push(iocbs.getUint32(done * IOCB.bytes + IOCB.tag, true))
        done += Math.max(1, taken)
      }
      for (const tag of refused) if (tag !== BELL) onRefused(tag)
    },
    wait(msMax, onAnswer) {
      timeout[1] = BigInt(msMax) * 1_000_000n
      const count = take(numbers.events, id, 1, eventsMax, eventBytes, timeout)
      let answers = 0
      for (let index = 0; index < count; index += 1) {
        const tag = events.getUint32(index * EVENT.bytes + EVENT.tag, true)
        if (tag === BELL) {
          readSync(bellFd, rung)
          hangBell()
        } else {
          answers += 1
          onAnswer(tag, events.getInt32(index * EVENT.bytes + EVENT.result, true))
        }
      }
      return answers
    },
    close() {
      destroy(numbers.destroy, id)
      closeSync(bellFd)
    },
  }
}

/** A whole number from 0 to 2^53, as 64 bits. */
function setNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true)
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true)
}
