import { ALIGN_BYTES } from './layout.ts'

const EMPTY = 0
/** The table grows by a quarter when more than this share is taken, so it is between 3/4 and 15/16 full. */
const LOAD_MAX = 15 / 16
const GROWTH = 5 / 4
const CAPACITY_MIN = 64

export interface Place {
  /** Of the record in the volume, bytes. */
  readonly offset: number
  /** Bytes to read to have the whole record; at most 1/1024 more than it takes. */
  readonly bytes: number
}

export interface IndexTables {
  readonly fingerprints: Uint32Array
  readonly offsets: Uint32Array
  readonly sizes: Uint16Array
}

/**
 * Where a volume's needles lie, 10 bytes a slot: a 32-bit fingerprint of key and alternate key, the
 * offset in units of 8 bytes, and the record's size as a 16-bit float. Open addressing with linear
 * probing; the slot follows from the fingerprint, so the table can grow without knowing the keys.
 * Fingerprints collide (about n / 2^32 of the time): the reader compares the key in the record's header.
 * Nothing is ever removed: of several records of one needle the last one wins.
 */
export class NeedleIndex {
  #fingerprints: Uint32Array
  #offsets: Uint32Array
  #sizes: Uint16Array
  #taken = 0
  readonly #hash: (key: bigint, alt: number) => number

  constructor(options: { readonly capacity?: number; readonly hash?: (key: bigint, alt: number) => number } = {}) {
    const capacity = Math.max(CAPACITY_MIN, Math.ceil((options.capacity ?? 0) / LOAD_MAX))
    this.#fingerprints = new Uint32Array(capacity)
    this.#offsets = new Uint32Array(capacity)
    this.#sizes = new Uint16Array(capacity)
    this.#hash = options.hash ?? fingerprintOf
  }

  /** Bytes of memory a slot takes. */
  static readonly slotBytes = 10

  /** An index over tables that {@link NeedleIndex.tables} gave; they are its memory from now on. */
  static of(tables: IndexTables & { readonly count: number }): NeedleIndex {
    const index = new NeedleIndex()
    index.#fingerprints = tables.fingerprints
    index.#offsets = tables.offsets
    index.#sizes = tables.sizes
    index.#taken = tables.count
    return index
  }

  /** The memory itself, little-endian on every machine that Node runs on: not to be changed. */
  tables(): IndexTables {
    return { fingerprints: this.#fingerprints, offsets: this.#offsets, sizes: this.#sizes }
  }

  get count(): number {
    return this.#taken
  }

  /** Bytes of memory the table takes. */
  get bytes(): number {
    return this.#fingerprints.byteLength + this.#offsets.byteLength + this.#sizes.byteLength
  }

  add(key: bigint, alt: number, offset: number, recordBytes: number): void {
    if (this.#taken + 1 > this.#fingerprints.length * LOAD_MAX) this.#grow()
    this.#insert(this.#hash(key, alt), offset / ALIGN_BYTES, packSize(recordBytes))
  }

  /** Whether the index cannot tell two needles apart: the record of one may then be found for the other. */
  mayBe(one: { readonly key: bigint; readonly alt: number }, other: { readonly key: bigint; readonly alt: number }): boolean {
    return this.#hash(one.key, one.alt) === this.#hash(other.key, other.alt)
  }

  /** Where records that may be this needle lie, latest first; nearly always none or one. */
  find(key: bigint, alt: number): Place[] {
    const fingerprint = this.#hash(key, alt)
    const capacity = this.#fingerprints.length
    const found: Place[] = []
    for (let slot = slotOf(fingerprint, capacity); this.#offsets[slot] !== EMPTY; slot = slot + 1 === capacity ? 0 : slot + 1) {
      if (this.#fingerprints[slot] !== fingerprint) continue
      found.push({ offset: (this.#offsets[slot] ?? 0) * ALIGN_BYTES, bytes: unpackSize(this.#sizes[slot] ?? 0) })
    }
    return found.length > 1 ? found.toSorted((a, b) => b.offset - a.offset) : found
  }

  #insert(fingerprint: number, offset: number, size: number): void {
    const capacity = this.#fingerprints.length
    let slot = slotOf(fingerprint, capacity)
    while (this.#offsets[slot] !== EMPTY) slot = slot + 1 === capacity ? 0 : slot + 1
    this.#fingerprints[slot] = fingerprint
    this.#offsets[slot] = offset
    this.#sizes[slot] = size
    this.#taken += 1
  }

  #grow(): void {
    const [fingerprints, offsets, sizes] = [this.#fingerprints, this.#offsets, this.#sizes]
    const capacity = Math.ceil(fingerprints.length * GROWTH)
    this.#fingerprints = new Uint32Array(capacity)
    this.#offsets = new Uint32Array(capacity)
    this.#sizes = new Uint16Array(capacity)
    this.#taken = 0
    for (let slot = 0; slot < fingerprints.length; slot += 1) {
      const offset = offsets[slot] ?? EMPTY
      if (offset !== EMPTY) this.#insert(fingerprints[slot] ?? 0, offset, sizes[slot] ?? 0)
    }
  }
}

function slotOf(fingerprint: number, capacity: number): number {
  return Math.floor((fingerprint / 2 ** 32) * capacity)
}

/** A key, and its two halves: arithmetic with bigints makes a new one at each step. */
const whole = new BigUint64Array(1)
const halves = new Uint32Array(whole.buffer)

/** 32 well-mixed bits of key and alternate key: two rounds of the finalizer of MurmurHash3 (public domain). */
export function fingerprintOf(key: bigint, alt: number): number {
  whole[0] = key
  const low = mix((halves[0] ?? 0) ^ 0x9e37_79b9)
  const high = mix(low ^ (halves[1] ?? 0))
  return mix((high + Math.imul(alt, 0x85eb_ca6b)) ^ (alt >>> 16)) >>> 0
}

function mix(value: number): number {
  let bits = value | 0
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35)
  return bits ^ (bits >>> 16)
}

/** A record's size, rounded up to 11 significant bits of its count of 8-byte units: 5 bits exponent, 11 mantissa. */
export function packSize(bytes: number): number {
  let units = Math.ceil(bytes / ALIGN_BYTES)
  let exponent = 0
  while (units > 2047) {
    units = Math.ceil(units / 2)
    exponent += 1
  }
  if (exponent > 31) throw new Error(`a record of ${bytes} bytes has no packed size`)
  return exponent * 2048 + units
}

export function unpackSize(packed: number): number {
  return (packed & 2047) * 2 ** (packed >>> 11) * ALIGN_BYTES
}
