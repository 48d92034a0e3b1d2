import type { RecordHeader } from './needle.ts'
import { NeedleIndex } from './needle-index.ts'
import { erasedIn } from './tombstone.ts'

/**
 * Adds up what a compaction would leave out of a volume whose needles it is told of in order: those of erased keys and
 * versions, and those that a later one replaced. As fingerprints tell them apart, which is as good as always.
 */
export class DeadBytes {
  readonly #latest = new NeedleIndex()
  readonly #erased: ReadonlySet<bigint>
  #bytes: number

  /** @param bytes found before, where the walk goes on after an earlier one */
  constructor(erased: ReadonlySet<bigint>, bytes = 0) {
    this.#erased = erased
    this.#bytes = bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  add({ key, alt }: Pick<RecordHeader, 'key' | 'alt'>, offset: number, recordBytes: number): void {
    if (erasedIn(this.#erased, { key, alt }) !== null) {
      this.#bytes += recordBytes
      return
    }
    this.#bytes += this.#latest.find(key, alt)[0]?.bytes ?? 0
    this.#latest.add(key, alt, offset, recordBytes)
  }
}
