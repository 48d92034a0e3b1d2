import { writeSync } from 'node:fs'
import { getSystemErrorName } from 'node:util'
import { Worker } from 'node:worker_threads'
import { PAGE_BYTES, wholePages } from './aligned-memory.ts'
import { copyBytes } from './copy-bytes.ts'
import type { Loan } from './disk.ts'
import { readError } from './disk-errors.ts'
import type { ReaderData, ReaderWord } from './disk-reader.ts'
import { BUFFER_BYTES, BUFFERS, ReadRing } from './read-ring.ts'

/** The rest is for reads that copy: loans that never come back must not end them. */
const LENT_MAX = 32
/** Of V8, for each thread: it keeps nothing. */
const HEAP_LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2 }

/** Threads that start at the same time: more would keep the processor from those that read. */
const STARTING_MAX = 2

/** How long requests are left to a thread that is at work, and answers to one that holds them back. */
const RECHECK_MS = 2

/** For so long requests are left to one thread that has all reads with the disk: it takes what it holds back sooner. */
const STUCK_MS = 100

/** What is written to a bell. */
const ONE = new Uint8Array(new BigUint64Array([1n]).buffer)

export interface ThreadRead {
  readonly fd: number
  readonly offset: number
  readonly length: number
  /** Where the bytes are a record, the checksum state that its header starts from: the thread then looks whether it is sound. */
  readonly seed?: number | undefined
}

interface UnderWay extends ThreadRead {
  /** In the pages that are read, before what is wanted. */
  readonly skip: number
  readonly resolve: (loan: Loan) => void
  readonly reject: (error: unknown) => void
}

const READER = new URL('./disk-reader.ts', import.meta.url)

/**
 * A thread that takes reads from the ring.
 * @param text of the thread, or the file that has it
 */
export function startReader(workerData: ReaderData, text = READER): Worker {
  // Nothing that this process was told to load first; and the stripping of types may still be called an experiment.
  const execArgv = ['--disable-warning=ExperimentalWarning']
  return new Worker(text, { workerData, execArgv, resourceLimits: HEAP_LIMITS, trackUnmanagedFds: false })
}

/**
 * Threads that read into memory which this one sees too. One to begin with; others, up to `threadsMax`, one after another
 * while reads wait for the disk, so that as many are with it at once. When a thread ends of itself all reads under way fail, and the
 * others end too; memory that one of them may still read into is not used again.
 */
export class ReaderThreads {
  readonly #threadsMax: number
  readonly #isDirect: boolean
  readonly #startThread: (data: ReaderData, text?: URL) => Worker
  readonly #ring = new ReadRing()
  readonly #threads: Worker[] = []
  readonly #underWay = new Map<number, UnderWay>()
  /** For a buffer, in order. */
  readonly #waiting: UnderWay[] = []
  readonly #free: number[] = []
  /** Of each slot, where in its buffer it reads to, and where that ends. */
  readonly #places = new Int32Array(BUFFERS)
  readonly #ends = new Int32Array(BUFFERS)
  #made = 0
  /** What the ring said of requests that were taken, and since when it says so while some are left. */
  #taken = 0
  #takenMs = 0
  #lent = 0
  /** What threads start from: the second, for which nobody waits, hands on what it runs. */
  #text: URL | undefined
  readonly #recheck: NodeJS.Timeout
  #isWaking = false
  #isOver = false

  /**
   * @param isDirect for reads of one disk past the page cache. One thread has many of them with the disk at once, where the system lets it. And
   * each buffer is filled to its end before its memory is used again: who writes to memory that a processor has just read
   * waits for that one to let go of it, be it a disk or a hypervisor.
   */
  constructor(threadsMax: number, { isDirect = false, startThread = startReader } = {}) {
    this.#threadsMax = threadsMax
    this.#isDirect = isDirect
    this.#startThread = startThread
    // The first thread holds the process up while something is under way, and this one has nothing to do otherwise.
    this.#recheck = setTimeout(() => this.#lookAgain(), RECHECK_MS).unref()
  }

  /** Whether a thread ended of itself: then others have to be made. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** Longer reads than this are not taken: they are sequential, and others would wait for them. */
  static fits(length: number): boolean {
    return length <= BUFFER_BYTES - 2 * PAGE_BYTES
  }

  /** The bytes where they were read to, until they are released; a copy while many are lent. STORAGE_UNAVAILABLE. */
  lend(read: ThreadRead): Promise<Loan> {
    return new Promise((resolve, reject) => {
      const reading = { ...read, skip: read.offset % PAGE_BYTES, resolve, reject }
      const slot = this.#free.pop() ?? (this.#made < BUFFERS ? this.#made++ : null)
      if (slot === null) this.#waiting.push(reading)
      else this.#ask(slot, reading)
    })
  }

  async read(read: ThreadRead): Promise<Uint8Array> {
    const { bytes, release } = await this.lend(read)
    const copy = copyOf(bytes)
    release()
    return copy
  }

  /** Once no read is under way. */
  async close(): Promise<void> {
    const endsByItself = this.#ring.isAsync && !this.#isOver
    this.#isOver = true
    clearTimeout(this.#recheck)
    this.#ring.close()
    await Promise.all(this.#threads.map((thread) => (endsByItself ? endOf(thread) : thread.terminate())))
  }

  #ask(slot: number, reading: UnderWay): void {
    const { fd, offset, length, skip, seed = null } = reading
    const start = offset - skip
    const span = wholePages(skip + length)
    if (this.#underWay.size === 0) this.#threads[0]?.ref()
    this.#underWay.set(slot, reading)
    const end = this.#ends[slot] ?? 0
    const place = this.#isDirect && end + span <= BUFFER_BYTES ? end : 0
    this.#places[slot] = place
    this.#ends[slot] = place + span
    this.#ring.ask(slot, { fd, start, span, place, skip, length, seed })
    if (this.#isWaking) return
    // What is asked for in this turn of the event loop is put up together.
    this.#isWaking = true
    setImmediate(() => {
      this.#isWaking = false
      this.#wake()
    })
  }

  #wake(isRecheck = false): void {
    if (this.#isOver) return
    const left = this.#ring.wake()
    const bell = this.#ring.bellToRing
    if (bell !== null) writeSync(bell, ONE)
    const threads = this.#threads.length
    const isHeldUp = this.#ring.isAsync ? this.#isStuck(left) : this.#ring.isSlow || (isRecheck && left > 0)
    const isShort = threads === 0 || (isHeldUp && threads < Math.min(this.#threadsMax, this.#underWay.size))
    if (isShort && this.#mayStart()) this.#start()
    this.#recheck.refresh()
  }

  /**
   * Whoever is at work may hang in a read of a disk that does not answer, or in asking one: then nobody comes by for what is left, for
   * which others are woken, or started, nor does anybody tell of the answers that it holds back.
   */
  #lookAgain(): void {
    this.#collect()
    if (this.#underWay.size > 0) this.#wake(true)
  }

  /** Whether nobody has taken anything for long: the one thread that has all reads with the disk waits for the system to let it ask. */
  #isStuck(left: number): boolean {
    const { taken } = this.#ring
    const nowMs = performance.now()
    if (left === 0 || taken !== this.#taken) {
      this.#taken = taken
      this.#takenMs = nowMs
    }
    return nowMs - this.#takenMs > STUCK_MS
  }

  #mayStart(): boolean {
    const starting = this.#threads.length - this.#ring.threads
    return starting === 0 || (this.#text !== undefined && starting < STARTING_MAX)
  }

  #start(): void {
    const count = this.#threads.length
    const data = { ...this.#ring.memory, isModel: count === 1, isAsync: this.#isDirect && count === 0 }
    const thread = this.#startThread(data, this.#text)
    // The first one holds the process up while something is under way.
    if (this.#threads.push(thread) > 1) thread.unref()
    thread.on('message', (word: ReaderWord) => {
      if (word === 0) this.#collect()
      else this.#text = new URL(word.text)
    })
    thread.once('error', (error) => this.#fail(error))
    thread.once('exit', () => this.#fail(new Error('a thread that reads ended')))
  }

  #collect(): void {
    this.#ring.collect((slot, count, isSound) => {
      const reading = this.#underWay.get(slot)
      this.#underWay.delete(slot)
      if (reading === undefined) return
      if (count < 0) {
        this.#give(slot)
        const code = getSystemErrorName(count)
        reading.reject(readError(Object.assign(new Error(`${code}: a read of ${reading.length} bytes at ${reading.offset}`), { code })))
      } else this.#hand(slot, reading, count, isSound)
    })
    if (this.#underWay.size === 0) this.#threads[0]?.unref()
  }

  #hand(slot: number, { skip, length, resolve }: UnderWay, count: number, isSound: boolean): void {
    const from = (this.#places[slot] ?? 0) + skip
    const bytes = this.#ring.bufferOf(slot).subarray(from, from + Math.max(0, Math.min(length, count - skip)))
    if (this.#lent >= LENT_MAX) {
      const copy = copyOf(bytes)
      this.#give(slot)
      resolve({ bytes: copy, isSound, release: () => {} })
      return
    }
    this.#lent += 1
    let isLent = true
    const release = () => {
      if (!isLent) return
      isLent = false
      this.#lent -= 1
      this.#give(slot)
    }
    resolve({ bytes, isSound, release })
  }

  #give(slot: number): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(slot)
    else this.#ask(slot, next)
  }

  #fail(cause: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#recheck)
    this.#ring.close()
    const error = readError(Object.assign(cause, { code: 'unknown' }))
    for (const { reject } of [...this.#underWay.values(), ...this.#waiting.splice(0)]) reject(error)
    this.#underWay.clear()
  }
}

/** Of a thread that ends by itself, and gives back what it has of the system: who is terminated cannot. */
function endOf(thread: Worker): Promise<void> {
  thread.ref()
  return new Promise((resolve) => thread.once('exit', () => resolve()))
}

export function copyOf(bytes: Uint8Array): Uint8Array {
  // Unfilled memory: every byte of it is overwritten at once.
  const copy = Buffer.allocUnsafeSlow(bytes.byteLength)
  copyBytes(copy, 0, bytes)
  return copy
}
