import { closeSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import type { SharedMemory } from './aligned-memory.ts'
import { adviseForDisks, foreignCalls } from './foreign-calls.ts'

/** The fields of linux/aio_abi.h; both kinds of processor below are little-endian. */
const IOCB_BYTES = 64
const IOCB = { tag: 0, operation: 16, fd: 20, address: 24, length: 32, offset: 40 } as const
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
/** So long a wait is where the bell would not be heard. */
const UNHEARD_MS_MAX = 2

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
  /** Asks the disk for a read. False where the system does not take it: what is wrong with it, an ordinary read tells. */
  ask(read: AsyncRead): boolean
  /**
   * Waits for an answer or the bell. Gives how many of these there were: 0 when nothing happened for so long.
   * @param msMax a thread that waits here cannot be ended
   * @param onAnswer `count`: bytes read, fewer where the file ends, or the number of an error, below 0; in it more may be asked for
   */
  wait(msMax: number, onAnswer: (tag: number, count: number) => void): number
  /** Waits for what is under way. */
  close(): void
}

type Call = (...numbersAndMemory: unknown[]) => number

/**
 * The reads of Linux's io_submit(2), which are asynchronous for files opened with O_DIRECT, as long as the system need not wait before
 * it asks the disk: for room in the disk's queue, or for somebody who makes the file longer. Node has no name for
 * them, hence calls by their numbers. The memory is advised to lie on large pages.
 * @param readsMax under way at once
 * @returns null where this cannot be had: on another system, without the library for its platform, or where it is forbidden
 */
export function openAsyncReads(memory: SharedMemory, readsMax: number): AsyncReads | null {
  const numbers = CALLS[process.arch]
  const koffi = foreignCalls()
  const base = adviseForDisks(memory)
  if (numbers === undefined || koffi === null || base === null) return null
  const system = koffi.load(null)
  const setUp: Call = system.func('long syscall(long number, long reads, void *context)')
  const destroy: Call = system.func('long syscall(long number, uint64_t context)')
  const submit: Call = system.func('long syscall(long number, uint64_t context, long count, void *reads)')
  const take: Call = system.func('long syscall(long number, uint64_t context, long min, long max, void *events, void *timeout)')
  const newBell: Call = system.func('int eventfd(unsigned int value, int flags)')

  const eventsMax = readsMax + 1
  const context = new BigUint64Array(1)
  if (setUp(numbers.setup, eventsMax, context) !== 0) return null
  const [id = 0n] = context
  const bellFd = newBell(0, EFD_FLAGS)

  const iocb = new DataView(new ArrayBuffer(IOCB_BYTES))
  const pointer = new BigUint64Array([koffi.address(iocb.buffer)])
  const events = new DataView(new ArrayBuffer(eventsMax * EVENT.bytes))
  const eventBytes = new Uint8Array(events.buffer)
  /** Seconds and nanoseconds. */
  const timeout = new BigInt64Array(2)
  const rung = new Uint8Array(8)

  /** The system has read all of it when this returns. */
  function ask(tag: number, kind: number, fd: number, address: number, length: number, offset: number): boolean {
    iocb.setUint32(IOCB.tag, tag, true)
    iocb.setUint16(IOCB.operation, kind, true)
    iocb.setUint32(IOCB.fd, fd, true)
    setNumber(iocb, IOCB.address, address)
    iocb.setUint32(IOCB.length, length, true)
    setNumber(iocb, IOCB.offset, offset)
    return submit(numbers?.submit, id, 1, pointer) === 1
  }
  const hangBell = () => ask(BELL, operation.poll, bellFd, POLLIN, 0, 0)
  function close(): void {
    destroy(numbers?.destroy, id)
    if (bellFd >= 0) closeSync(bellFd)
  }

  let isHung = bellFd >= 0 && hangBell()
  if (!isHung) {
    close()
    return null
  }
  return {
    bellFd,
    ask: ({ tag, fd, at, length, offset }) => ask(tag, operation.read, fd, base + at, length, offset),
    wait(msMax, onAnswer) {
      // Where the system had no room for it the last time.
      isHung ||= hangBell()
      const ms = isHung ? msMax : Math.min(msMax, UNHEARD_MS_MAX)
      timeout[0] = BigInt(Math.floor(ms / 1000))
      timeout[1] = BigInt(ms % 1000) * 1_000_000n
      const count = take(numbers.events, id, 1, eventsMax, eventBytes, timeout)
      if (count < 0 && koffi.errno() !== constants.errno.EINTR) throw new Error(`the system gives no answers: error ${koffi.errno()}`)
      for (let index = 0; index < count; index += 1) {
        const tag = events.getUint32(index * EVENT.bytes + EVENT.tag, true)
        if (tag === BELL) {
          readSync(bellFd, rung)
          isHung = hangBell()
        } else onAnswer(tag, events.getInt32(index * EVENT.bytes + EVENT.result, true))
      }
      return count < 0 ? 1 : count
    },
    close,
  }
}

/** A whole number from 0 to 2^53, as 64 bits. */
function setNumber(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 2 ** 32, true)
  view.setUint32(at + 4, Math.floor(value / 2 ** 32), true)
}
