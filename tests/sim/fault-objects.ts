import { MediaError } from '../../domain/errors.ts'
import type { ObjectPiece, ObjectStore } from '../../domain/ports.ts'

export type ObjectsState = ReadonlyMap<string, Uint8Array>

/** A change that was asked for: an object put where there is none, or with null deleted. */
export interface Change {
  readonly key: string
  readonly bytes: Uint8Array | null
}

export interface FaultObjectsOptions {
  /** Told of every moment before and after an effect. `late` may still come, should the process end now. */
  readonly onStep?: (state: ObjectsState, late: Change | null) => void
}

/**
 * Objects in memory whose every change can be the last one before a crash, with its effect or without, or with its effect
 * when the next process is already at work; and whose calls can be made to fail in each of these ways.
 */
export class FaultObjects implements ObjectStore {
  readonly #objects: Map<string, Uint8Array>
  readonly #options: FaultObjectsOptions
  #failure: { calls: number; readonly isDone: boolean } | null = null

  constructor(objects: ObjectsState, options: FaultObjectsOptions = {}) {
    this.#objects = new Map(objects)
    this.#options = options
  }

  /** After so many changes one fails; `isDone`: its effect is there all the same. */
  failAfter(calls: number, isDone: boolean): void {
    this.#failure = { calls, isDone }
  }

  heal(): void {
    this.#failure = null
  }

  state(): ObjectsState {
    return new Map(this.#objects)
  }

  /** What a process that ended had asked for comes now. */
  arrive({ key, bytes }: Change): void {
    if (bytes === null) this.#objects.delete(key)
    else if (!this.#objects.has(key)) this.#objects.set(key, bytes)
  }

  async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: { readonly ifNoneMatch?: boolean } = {}) {
    const bytes = body instanceof Uint8Array ? body.slice() : await gathered(body)
    if (options.ifNoneMatch && this.#objects.has(key)) throw new MediaError('OBJECT_EXISTS')
    await this.#change({ key, bytes }, () => {
      if (options.ifNoneMatch && this.#objects.has(key)) throw new MediaError('OBJECT_EXISTS')
      this.#objects.set(key, bytes)
    })
    return { bytes: bytes.byteLength }
  }

  async compose(key: string, pieces: readonly ObjectPiece[], options: { readonly ifNoneMatch?: boolean } = {}) {
    const parts = pieces.map((piece) => this.#find(piece.key).slice(piece.start, piece.end + 1))
    return await this.put(key, new Uint8Array(Buffer.concat(parts)), options)
  }

  async get(key: string, range?: { readonly start: number; readonly end: number }) {
    const bytes = this.#find(key)
    if (range !== undefined && range.start >= bytes.byteLength) throw new MediaError('RANGE_NOT_SATISFIABLE')
    const body = range === undefined ? bytes : bytes.slice(range.start, range.end + 1)
    return { bytes: body.byteLength, body: once(body) }
  }

  async head(key: string) {
    const bytes = this.#objects.get(key)
    return bytes === undefined ? null : { bytes: bytes.byteLength }
  }

  async delete(key: string): Promise<void> {
    await this.#change({ key, bytes: null }, () => void this.#objects.delete(key))
  }

  async *list(prefix: string, after = '') {
    for (const [key, { byteLength }] of [...this.#objects].toSorted(([a], [b]) => (a < b ? -1 : 1)))
      if (key.startsWith(prefix) && key > after) yield { key, bytes: byteLength }
  }

  async locate(key: string): Promise<string> {
    throw new Error(`${key} is nowhere`)
  }

  #find(key: string): Uint8Array {
    const bytes = this.#objects.get(key)
    if (bytes === undefined) throw new MediaError('OBJECT_NOT_FOUND')
    return bytes
  }

  async #change(change: Change, effect: () => void): Promise<void> {
    this.#options.onStep?.(this.state(), change)
    const fails = this.#failure?.calls === 0
    const isDone = !fails || (this.#failure?.isDone ?? true)
    if (this.#failure !== null) this.#failure.calls -= 1
    // Others are asked meanwhile.
    await new Promise((resolve) => setImmediate(resolve))
    if (isDone) effect()
    this.#options.onStep?.(this.state(), null)
    if (!fails) return
    this.#failure = null
    throw new MediaError('STORAGE_UNAVAILABLE', 'injected')
  }
}

async function gathered(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.byteLength > 0) yield bytes
}
