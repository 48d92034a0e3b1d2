import { constants } from 'node:os'
import type { AsyncReads } from './async-reads.ts'
import { BUFFER_BYTES, type ReadRing } from './read-ring.ts'

/** A thread that waits for the disk can be ended so often. */
const WAIT_MS_MAX = 100
/** Where nothing is answered for as long, what was held back goes to the disk as well. */
const HELD_BACK_MS_MAX = 2

/** Errors that say nothing of the disk. */
const TRY_AGAIN: readonly number[] = [-constants.errno.EAGAIN, -constants.errno.EINTR]

/**
 * So many of the reads that are asked for are with the disk at once; the others are ready for when it answers. Were all of them
 * there, a disk that answers many at a time would have nothing to do until whoever waited for those asks for more.
 */
export function withTheDisk(asked: number): number {
  return 3 + Math.ceil(asked / 2)
}

/** What a thread does with answers and with what the disk cannot be asked for. */
export interface Answering {
  /** Puts the answer to a slot's request up. `count`: bytes read, or the number of an error, below 0. */
  answer(slot: number, count: number): void
  /** Reads at once and puts the answer up. */
  readNow(slot: number): void
  /** Tells of answers that are put up. */
  tell(): void
}

/** Serves a ring of requests with many reads at once, in one thread; returns when the ring is closed. */
export function serveAsync(ring: ReadRing, reads: AsyncReads, { answer, readNow, tell }: Answering): void {
  let underWay = 0
  /** So many may be under way: by what was asked for when the disk answered last, since those who get the answers have yet to ask again. */
  let share = 0

  function put(slot: number): void {
    const { fd, start, span, place } = ring.requestOf(slot)
    // One at a time: where the system makes this thread wait, only this one waits with it.
    if (reads.ask({ tag: slot, fd, offset: start, at: slot * BUFFER_BYTES + place, length: span })) underWay += 1
    else readHere(slot)
  }
  function readHere(slot: number): void {
    readNow(slot)
    tell()
  }
  /** @param all also what is held back */
  function putMore(all = false): void {
    share = Math.max(share, withTheDisk(underWay + ring.left))
    while (all || underWay < share) {
      const slot = ring.takeNow()
      if (slot === null) break
      put(slot)
    }
  }
  function onAnswer(slot: number, count: number): void {
    ring.rouse()
    underWay -= 1
    // The disk first: it works while this thread looks at what was read.
    putMore()
    if (TRY_AGAIN.includes(count)) readHere(slot)
    else {
      answer(slot, count)
      tell()
    }
  }

  ring.hangBell(reads.bellFd)
  ring.join()
  for (;;) {
    if (underWay === 0) {
      const slot = ring.take(tell)
      if (slot === null) return
      put(slot)
    }
    share = 0
    putMore()
    if (underWay === 0) continue
    if (ring.left > 0) {
      if (reads.wait(HELD_BACK_MS_MAX, onAnswer) === 0) putMore(true)
    } else if (ring.doze()) {
      reads.wait(WAIT_MS_MAX, onAnswer)
      ring.rouse()
    }
  }
}
