import { alignedMemory, type SharedMemory } from './aligned-memory.ts'

export const BUFFER_BYTES = 1024 * 1024
export const BUFFERS = 48

/** Places in each queue: a power of two above the number of buffers, so that no queue is ever full. */
const QUEUE = 64

/** Words that both sides change. */
const word = { asked: 0, taken: 1, asleep: 2, closing: 3, done: 4, told: 5, slow: 6, threads: 7, dozing: 8, bell: 9 } as const
const WORDS = 10

/** A read that takes longer has waited for a disk, or for its turn. */
const SLOW_MS_MIN = 0.1
/** So many reads have to be quick, one after another, for the next one to be thought so. */
const SLOW_FOR = 32
/** Answers that one thread holds back at most while it goes on with quick reads. */
const HELD_BACK_MAX = 8

/** Numbers of a slot. */
const field = { fd: 0, span: 1, skip: 2, length: 3, isRecord: 4, seed: 5, count: 6, isSound: 7, place: 8 } as const
const FIELDS = 9

/** What the threads share. */
export interface RingMemory {
  readonly buffers: SharedMemory
  readonly numbers: SharedArrayBuffer
  readonly offsets: SharedArrayBuffer
}

/** What is to be read: whole pages of a file, to the page at `place` of the slot's buffer; `skip` bytes further `length` bytes are wanted. */
export interface RingRequest {
  readonly fd: number
  readonly start: number
  readonly span: number
  readonly place: number
  readonly skip: number
  readonly length: number
  /** The checksum state that the record's header starts from, where the bytes wanted begin with a record that is to be checked. */
  readonly seed: number | null
}

/**
 * Reads handed from the thread of the event loop to threads that read, and back, through memory that all of them see: a
 * hand-over costs neither a copy nor, while the others are at work, a call of the system. Each slot has a buffer of its own.
 * The buffers begin on a page, as O_DIRECT wants it: the memory of a WebAssembly.Memory does, which no other buffer
 * of JavaScript promises.
 */
export class ReadRing {
  readonly memory: RingMemory
  readonly #words: Int32Array
  readonly #asked: Int32Array
  readonly #done: Int32Array
  readonly #fields: Int32Array
  readonly #starts: Float64Array
  /** One for each slot, made when it is used first. */
  readonly #buffers: Uint8Array[] = []
  /** Of the answers, seen by the side that asks. */
  #seen = 0
  /** Of the requests, woken for by the side that asks. */
  #wokenFor = 0
  /** Answers of this thread since it told of any. */
  #heldBack = 0

  constructor(memory: RingMemory = newMemory()) {
    this.memory = memory
    const { numbers, offsets } = memory
    this.#words = new Int32Array(numbers, 0, WORDS)
    this.#asked = new Int32Array(numbers, WORDS * 4, QUEUE)
    this.#done = new Int32Array(numbers, (WORDS + QUEUE) * 4, QUEUE)
    this.#fields = new Int32Array(numbers, (WORDS + 2 * QUEUE) * 4, BUFFERS * FIELDS)
    this.#starts = new Float64Array(offsets)
  }

  bufferOf(slot: number): Uint8Array {
    return (this.#buffers[slot] ??= new Uint8Array(this.memory.buffers.buffer, slot * BUFFER_BYTES, BUFFER_BYTES))
  }

  requestOf(slot: number): RingRequest {
    const at = slot * FIELDS
    const number = (of: number) => this.#fields[at + of] ?? 0
    return {
      fd: number(field.fd),
      start: this.#starts[slot] ?? 0,
      span: number(field.span),
      place: number(field.place),
      skip: number(field.skip),
      length: number(field.length),
      seed: number(field.isRecord) === 1 ? number(field.seed) >>> 0 : null,
    }
  }

  /** Puts a request up; {@link wake} sees to it that somebody takes it. Of a slot of which nothing is under way. */
  ask(slot: number, { fd, start, span, place, skip, length, seed }: RingRequest): void {
    const at = slot * FIELDS
    const fields = this.#fields
    fields[at + field.fd] = fd
    fields[at + field.span] = span
    fields[at + field.place] = place
    fields[at + field.skip] = skip
    fields[at + field.length] = length
    fields[at + field.isRecord] = seed === null ? 0 : 1
    fields[at + field.seed] = seed ?? 0
    this.#starts[slot] = start
    const turn = Atomics.load(this.#words, word.asked)
    // The plain writes above are seen by whoever sees this one.
    Atomics.store(this.#asked, turn & (QUEUE - 1), slot)
    Atomics.store(this.#words, word.asked, (turn + 1) | 0)
  }

  /** Whether reads have lately waited for a disk: then each request is worth a thread. */
  get isSlow(): boolean {
    return Atomics.load(this.#words, word.slow) > 0
  }

  /**
   * Wakes threads for the requests put up since the last time. While reads are quick, as from the page cache, waking
   * costs more than reading: one thread is enough, and one that is at work comes by. Unless it did not since the last time.
   * Gives how many requests are left to threads that are at work, or to the one that is woken.
   */
  wake(): number {
    const asked = Atomics.load(this.#words, word.asked)
    const left = this.left
    const isBehind = left > ((asked - this.#wokenFor) | 0)
    this.#wokenFor = asked
    const asleep = Atomics.load(this.#words, word.asleep)
    if (left === 0 || asleep === 0) return left
    if (isBehind || this.isSlow) {
      Atomics.notify(this.#words, word.asked, left)
      return 0
    }
    if (asleep < this.threads) return left
    Atomics.notify(this.#words, word.asked, 1)
    return left - 1
  }

  /** How many requests nobody has taken. */
  get left(): number {
    return (Atomics.load(this.#words, word.asked) - Atomics.load(this.#words, word.taken)) | 0
  }

  /** A number that changes with every request that is taken. */
  get taken(): number {
    return Atomics.load(this.#words, word.taken)
  }

  /** Whether one thread takes all requests, and has many of them with the disk at once. */
  get isAsync(): boolean {
    return Atomics.load(this.#words, word.bell) !== 0
  }

  /** Says, before {@link join}, that this one thread is enough, and to what file to write where it waits for the disk. */
  hangBell(fd: number): void {
    Atomics.store(this.#words, word.bell, fd)
  }

  /** The bell, where it has to be rung for requests that are left; once for each {@link doze}. */
  get bellToRing(): number | null {
    return this.left > 0 && Atomics.exchange(this.#words, word.dozing, 0) === 1 ? Atomics.load(this.#words, word.bell) : null
  }

  /** Whether the thread may wait for the disk, and is rung for when there are requests: not when there are. */
  doze(): boolean {
    Atomics.store(this.#words, word.dozing, 1)
    // After that: who asks looks at these two in the other order.
    if (this.left === 0) return true
    this.rouse()
    return false
  }

  /** Nobody has to ring any more. */
  rouse(): void {
    Atomics.store(this.#words, word.dozing, 0)
  }

  /** Says that one more thread takes requests. */
  join(): void {
    Atomics.add(this.#words, word.threads, 1)
  }

  /** How many take requests. */
  get threads(): number {
    return Atomics.load(this.#words, word.threads)
  }

  /**
   * Waits for a request and takes it, for a thread that does nothing else; null when the ring is closed.
   * @param onIdle told before it waits
   */
  take(onIdle: () => void): number | null {
    for (;;) {
      const asked = Atomics.load(this.#words, word.asked)
      const slot = this.takeNow()
      if (slot !== null) return slot
      // After the number of requests, which `close` changes after this.
      if (Atomics.load(this.#words, word.closing) === 1) return null
      onIdle()
      Atomics.add(this.#words, word.asleep, 1)
      Atomics.wait(this.#words, word.asked, asked)
      Atomics.sub(this.#words, word.asleep, 1)
    }
  }

  /** Takes a request; null when there is none, or the ring is closed. */
  takeNow(): number | null {
    for (;;) {
      const taken = Atomics.load(this.#words, word.taken)
      const asked = Atomics.load(this.#words, word.asked)
      if (taken === asked || Atomics.load(this.#words, word.closing) === 1) return null
      const slot = Atomics.load(this.#asked, taken & (QUEUE - 1))
      if (Atomics.compareExchange(this.#words, word.taken, taken, (taken + 1) | 0) === taken) return slot
    }
  }

  /**
   * Puts an answer up. `count`: bytes read, or the error number, negative; `ms`: how long the read took. Gives whether the
   * side that asks should be told now, by {@link tell}: not while more requests wait and are quick to answer.
   */
  answer(slot: number, count: number, isSound: boolean, ms: number): boolean {
    const at = slot * FIELDS
    this.#fields[at + field.count] = count
    this.#fields[at + field.isSound] = isSound ? 1 : 0
    const turn = Atomics.add(this.#words, word.done, 1)
    // Slots are counted from 1 here: 0 is a place that is not filled yet.
    Atomics.store(this.#done, turn & (QUEUE - 1), slot + 1)
    const slow = Atomics.load(this.#words, word.slow)
    if (ms > SLOW_MS_MIN) Atomics.store(this.#words, word.slow, SLOW_FOR)
    else if (slow > 0) Atomics.store(this.#words, word.slow, slow - 1)
    this.#heldBack += 1
    return slow > 0 || this.#heldBack >= HELD_BACK_MAX || Atomics.load(this.#words, word.taken) === Atomics.load(this.#words, word.asked)
  }

  /** Whether the side that asks has to be sent a word of the answers: not when nothing is new, nor when it was and has not looked yet. */
  tell(): boolean {
    if (this.#heldBack === 0) return false
    this.#heldBack = 0
    return Atomics.exchange(this.#words, word.told, 1) === 0
  }

  /** Gives each answer that is there to `onAnswer`. What comes afterwards is told anew. */
  collect(onAnswer: (slot: number, count: number, isSound: boolean) => void): void {
    Atomics.store(this.#words, word.told, 0)
    for (;;) {
      const slot = Atomics.exchange(this.#done, this.#seen & (QUEUE - 1), 0) - 1
      if (slot < 0) return
      this.#seen += 1
      const at = slot * FIELDS
      onAnswer(slot, this.#fields[at + field.count] ?? 0, this.#fields[at + field.isSound] === 1)
    }
  }

  /** Threads that wait, or come to wait, end. */
  close(): void {
    Atomics.store(this.#words, word.closing, 1)
    // Who looks at the number of requests only now finds another one than it knew, and does not sleep.
    Atomics.add(this.#words, word.asked, QUEUE)
    Atomics.notify(this.#words, word.asked)
  }
}

function newMemory(): RingMemory {
  return {
    buffers: alignedMemory(BUFFERS * BUFFER_BYTES),
    numbers: new SharedArrayBuffer((WORDS + 2 * QUEUE + BUFFERS * FIELDS) * 4),
    offsets: new SharedArrayBuffer(BUFFERS * 8),
  }
}
