/** Places; more than the commits of a volume that are on their way at once. */
const SLOTS = 8
/** Words that both sides change. */
const word = { asked: 0, asleep: 1, done: 2, told: 3 } as const
const WORDS = 4
/** Numbers of a slot. */
const field = { fd: 0, offset: 1, memory: 2, at: 3, length: 4, errno: 5 } as const
const FIELDS = 6

/** A write from memory that both sides know by its number. */
export interface RingWrite {
  readonly fd: number
  /** In the file. */
  readonly offset: number
  readonly memory: number
  /** In the memory. */
  readonly at: number
  readonly length: number
}

export interface WriteRingMemory {
  readonly words: SharedArrayBuffer
  readonly fields: SharedArrayBuffer
}

/**
 * Writes handed to the thread that writes, and its answers, through memory that both see. A message costs that thread ten microseconds to
 * receive, and as many to send, in which the disk has nothing to do though the next write is there already.
 * One side asks, the other takes; both in order.
 */
export class WriteRing {
  readonly memory: WriteRingMemory
  readonly #words: Int32Array
  readonly #fields: Float64Array
  /** How many this side put up, or took. */
  #count = 0
  /** How many answers this side collected, or gave. */
  #answers = 0

  constructor(memory: WriteRingMemory = newMemory()) {
    this.memory = memory
    this.#words = new Int32Array(memory.words)
    this.#fields = new Float64Array(memory.fields)
  }

  /** Whether another write can be put up. */
  get hasRoom(): boolean {
    return this.#count - this.#answers < SLOTS
  }

  /** Puts a write up. Gives whether the other side has to be sent a word, since it sleeps. */
  ask({ fd, offset, memory, at, length }: RingWrite): boolean {
    const slot = (this.#count % SLOTS) * FIELDS
    const fields = this.#fields
    fields[slot + field.fd] = fd
    fields[slot + field.offset] = offset
    fields[slot + field.memory] = memory
    fields[slot + field.at] = at
    fields[slot + field.length] = length
    this.#count += 1
    // The plain writes above are seen by whoever sees this one.
    Atomics.store(this.#words, word.asked, this.#count | 0)
    return Atomics.exchange(this.#words, word.asleep, 0) === 1
  }

  /** The next write; null when there is none, and from then on this side has to be sent a word. Once the one before is answered. */
  take(): RingWrite | null {
    if (Atomics.load(this.#words, word.asked) === (this.#count | 0)) {
      Atomics.store(this.#words, word.asleep, 1)
      // Who asks looks at these two in the other order: one of both sees what the other did.
      if (Atomics.load(this.#words, word.asked) === (this.#count | 0)) return null
      Atomics.store(this.#words, word.asleep, 0)
    }
    const slot = (this.#count % SLOTS) * FIELDS
    this.#count += 1
    const number = (of: number) => this.#fields[slot + of] ?? 0
    return {
      fd: number(field.fd),
      offset: number(field.offset),
      memory: number(field.memory),
      at: number(field.at),
      length: number(field.length),
    }
  }

  /**
   * Answers the write that was taken last.
   * @param errno of an error of the system, negative; 0 where it is done
   * @returns whether the side that asks has to be sent a word: not when it was and has not looked yet, or looks soon of itself
   */
  answer(errno: number): boolean {
    this.#fields[(this.#answers % SLOTS) * FIELDS + field.errno] = errno
    this.#answers += 1
    Atomics.store(this.#words, word.done, this.#answers | 0)
    return Atomics.exchange(this.#words, word.told, 1) === 0
  }

  /** Said by the side that asks: it collects answers soon, and need not be sent a word of them. */
  promise(): void {
    Atomics.store(this.#words, word.told, 1)
  }

  /** From now on it has to be sent a word. Answers that are there already it has to collect after this. */
  listen(): void {
    Atomics.store(this.#words, word.told, 0)
  }

  /** The next answer's `errno`; null when there is none. */
  collect(): number | null {
    if (Atomics.load(this.#words, word.done) === (this.#answers | 0)) return null
    const errno = this.#fields[(this.#answers % SLOTS) * FIELDS + field.errno] ?? 0
    this.#answers += 1
    return errno
  }
}

function newMemory(): WriteRingMemory {
  const words = new SharedArrayBuffer(WORDS * 4)
  // The other side begins asleep.
  new Int32Array(words)[word.asleep] = 1
  return { words, fields: new SharedArrayBuffer(SLOTS * FIELDS * 8) }
}
