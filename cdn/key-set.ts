/**
 * A set of 64-bit keys without an object per key: two 32-bit halves per slot, open addressing, linear
 * probing, at most 3/4 full, so 8 bytes of memory per slot and 11 to 22 per key.
 */
export class KeySet {
  #slots = new Uint32Array(2 * 1024)
  #size = 0
  /** Zero marks an empty slot, so that key zero is kept beside the table. */
  #hasZero = false

  get size(): number {
    return this.#size + (this.#hasZero ? 1 : 0)
  }

  /** True when the key is new. */
  add(key: bigint): boolean {
    const [high, low] = halves(key)
    if (high === 0 && low === 0) {
      const isNew = !this.#hasZero
      this.#hasZero = true
      return isNew
    }
    if ((this.#size + 1) * 8 > this.#slots.length * 3) this.#grow()
    const at = find(this.#slots, high, low)
    if (this.#slots[at] !== 0 || this.#slots[at + 1] !== 0) return false
    this.#slots[at] = high
    this.#slots[at + 1] = low
    this.#size += 1
    return true
  }

  has(key: bigint): boolean {
    const [high, low] = halves(key)
    if (high === 0 && low === 0) return this.#hasZero
    const at = find(this.#slots, high, low)
    return this.#slots[at] !== 0 || this.#slots[at + 1] !== 0
  }

  #grow(): void {
    const old = this.#slots
    const slots = new Uint32Array(old.length * 2)
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0
      const low = old[at + 1] ?? 0
      if (high === 0 && low === 0) continue
      const to = find(slots, high, low)
      slots[to] = high
      slots[to + 1] = low
    }
    this.#slots = slots
  }
}

function halves(key: bigint): [high: number, low: number] {
  return [Number((key >> 32n) & 0xffff_ffffn), Number(key & 0xffff_ffffn)]
}

/** Where the key is, or the empty slot where it belongs. The table always has one. */
function find(slots: Uint32Array, high: number, low: number): number {
  const mask = slots.length / 2 - 1
  for (let slot = mix(high, low) & mask; ; slot = (slot + 1) & mask) {
    const at = slot * 2
    if (slots[at] === high && slots[at + 1] === low) return at
    if (slots[at] === 0 && slots[at + 1] === 0) return at
  }
}

/** Ids of one moment differ in few bits: the finisher of MurmurHash3 spreads them. */
function mix(high: number, low: number): number {
  let hash = Math.imul(high, 0x9e37_79b1) ^ low
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
