import { getSystemErrorName } from 'node:util'
import { Worker } from 'node:worker_threads'
import { createError, writeError } from './disk-errors.ts'
import type { DiskAnswer, DiskJob, DiskWord, FileWrite } from './disk-worker.ts'
import { UNKNOWN_ERRNO } from './errno.ts'
import { WriteRing } from './write-ring.ts'

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

interface Sent extends Waiting {
  readonly kind: DiskJob['kind']
}

interface Running {
  readonly thread: Worker
  readonly ring: WriteRing
  /** Numbers of memories that the thread knows. */
  readonly memories: WeakMap<ArrayBufferLike, number>
  /** Of the ring, in their order. */
  readonly writes: (Waiting & { readonly offset: number; readonly length: number })[]
}

/** The thread that writes, started when it has something to do. Jobs run one after another, in the order given. */
export class WriterThread {
  /** Jobs that were sent, by their numbers. */
  readonly #sent = new Map<number, Sent>()
  #running: Running | null = null
  #lastId = 0
  #lastMemory = 0

  /**
   * Memory that is written from many times: {@link write} need not send it each time.
   * @returns what lets go of it again, once no write of it is asked for any more; until then the thread has it
   */
  share(buffer: ArrayBufferLike): () => void {
    const { memories } = this.#start()
    this.#lastMemory += 1
    const memory = this.#lastMemory
    memories.set(buffer, memory)
    this.#tell({ kind: 'share', memory, buffer })
    return () => {
      // A thread that ended meanwhile has nothing any more.
      if (memories.delete(buffer) && this.#running?.memories === memories) this.#tell({ kind: 'forget', memory })
    }
  }

  /** Durable when it returns. After an error every later write to the file fails too. */
  write({ fd, offset, bytes, isInPages }: FileWrite): Promise<void> {
    const { thread, ring, memories, writes } = this.#start()
    const memory = memories.get(bytes.buffer)
    // What was sent before it has to be done before it, and the thread takes writes of the ring between any two messages.
    if (memory === undefined || !isInPages || this.#sent.size > 0 || !ring.hasRoom)
      return this.run({ kind: 'write', fd, offset, bytes, isInPages })
    thread.ref()
    const { byteOffset: at, byteLength: length } = bytes
    return new Promise((resolve, reject) => {
      writes.push({ offset, length, resolve, reject })
      if (ring.ask({ fd, offset, memory, at, length })) send(thread, null)
    })
  }

  run(job: DiskJob): Promise<void> {
    const { thread } = this.#start()
    // Held only while there is something to do, so that an idle store does not keep the process up.
    thread.ref()
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#sent.set(id, { kind: job.kind, resolve, reject })
      send(thread, { id, job })
    })
  }

  /** What is under way fails. */
  async close(): Promise<void> {
    const running = this.#running
    if (running === null) return
    this.#fail(running, 'it was closed')
    await running.thread.terminate()
  }

  #start(): Running {
    if (this.#running !== null) return this.#running
    const ring = new WriteRing()
    const thread = new Worker(new URL('./disk-worker.ts', import.meta.url), { workerData: ring.memory, trackUnmanagedFds: false })
    const running: Running = { thread, ring, memories: new WeakMap(), writes: [] }
    thread.unref()
    thread.on('message', (answer: DiskAnswer) => {
      if (answer === null) this.#look(running)
      else {
        // Of what was done before it nobody may have been told.
        this.#collect(running)
        this.#answer(answer)
      }
      this.#rest(running)
    })
    thread.on('error', (error) => this.#fail(running, error))
    this.#running = running
    return running
  }

  /**
   * Collects answers; and again once those who were told have gone on, so that what is answered meanwhile needs no message. Also where
   * there was none to collect: whoever sent word of it may have been slow, and sends no other before it is listened to.
   */
  #look(running: Running): void {
    this.#collect(running)
    running.ring.promise()
    setImmediate(() => {
      running.ring.listen()
      if (this.#collect(running) > 0) this.#look(running)
      this.#rest(running)
    })
  }

  #collect({ ring, writes }: Running): number {
    let count = 0
    for (let errno = ring.collect(); errno !== null; errno = ring.collect()) {
      count += 1
      const write = writes.shift()
      if (errno === 0) write?.resolve()
      else write?.reject(writeError(nameOf(errno), `a write of ${write.length} bytes at ${write.offset}`))
    }
    return count
  }

  #answer({ id, error }: NonNullable<DiskAnswer>): void {
    const job = this.#sent.get(id)
    this.#sent.delete(id)
    if (error === undefined) job?.resolve()
    else job?.reject(job.kind === 'create' ? createError(error.code, error.message) : writeError(error.code, error.message))
  }

  /** A job that nobody waits for. Where it is not done, the thread has ended: whoever writes is told. */
  #tell(job: DiskJob): void {
    this.run(job).catch(() => {})
  }

  #rest({ thread, writes }: Running): void {
    if (this.#sent.size === 0 && writes.length === 0) thread.unref()
  }

  #fail(running: Running, cause: unknown): void {
    if (this.#running === running) this.#running = null
    const error = writeError('unknown', `the writer thread ended: ${String(cause)}`)
    for (const { reject } of [...this.#sent.values(), ...running.writes.splice(0)]) reject(error)
    this.#sent.clear()
  }
}

function nameOf(errno: number): string {
  return errno === UNKNOWN_ERRNO ? 'unknown' : getSystemErrorName(errno)
}

function send(thread: Worker, word: DiskWord): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin.
  thread.postMessage(word)
}
