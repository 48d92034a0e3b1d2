import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { seedOf } from './needle.ts'
import { NeedleIndex } from './needle-index.ts'
import { type Generation, newestGeneration } from './object-generation.ts'
import { generationOf, packKey } from './object-names.ts'
import { type Listed, listSequence, mapInOrder, readObject } from './object-reads.ts'
import { followObjectTombstones } from './object-tombstones.ts'
import { decodePackIndex, type PackIndex } from './pack.ts'
import { scan } from './scan.ts'
import { decodeSuperblock, type Superblock } from './superblock.ts'
import { type LogEntry, Moved, type Report, type VolumeView } from './volume-log.ts'
import type { Segment } from './walk-segments.ts'

/** Most indexes are within the last bytes of their pack: one request each. */
const TAIL_BYTES = 64 * 1024
const READS_AT_ONCE = 16

interface Pack {
  readonly key: string
  readonly sequence: number
  readonly base: number
  readonly bytes: number
}

/** How far a view knows its volume. */
export interface ObjectViewState {
  readonly end: number
  readonly sequence: number
  readonly lastBatch: number
  readonly epochMax: number
}

export interface ObjectView extends VolumeView {
  state(): ObjectViewState
  /** This process alone appends from now on. */
  own(): void
  /** Somebody else may append again: look for packs on a miss. */
  disown(): void
  /** A pack that this process has put. Its needles are the caller's to index. */
  adopt(bytes: number, index: Omit<PackIndex, 'entries'>): void
  /** The volume is a generation from now on. */
  settle(generation: Generation): void
  /** The objects that the volume's records lie in, in order. */
  segments(): Segment[]
}

/** A volume as readers see it: its packs, or its newest generation. Null when there is none. VOLUME_UNKNOWN_FORMAT, BLOB_CORRUPT. */
export async function openObjectView(objects: ObjectStore, volume: number, report: Report): Promise<ObjectView | null> {
  const [block, { whole, harmed }] = await Promise.all([readObject(objects, packKey(volume, 0)), newestGeneration(objects, volume)])
  const loaded = whole ?? (block === null ? harmed : null)
  if (block === null && loaded === null) return null
  const view = createObjectView(objects, loaded?.superblock ?? decodeSuperblock(block ?? new Uint8Array(0)), report)
  if (loaded !== null) view.settle(loaded)
  await Promise.all([view.refresh(), view.refreshErased()])
  // Its packs are gone, and what was made of them is not whole: what is lost is told as such.
  if (loaded === null && harmed !== null && view.state().sequence === 0) view.settle(harmed)
  return view
}

export function createObjectView(objects: ObjectStore, superblock: Superblock, report: Report): ObjectView {
  const { volume } = superblock
  let index = new NeedleIndex()
  let generation = 0
  let moving: Promise<boolean> | null = null
  const tombstones = followObjectTombstones(objects, superblock, report)
  let packs: Pack[] = []
  let end = SUPERBLOCK_BYTES
  let lastBatch = 0
  let epochMax = superblock.epoch
  let damaged = false
  let foreign = true

  function hurt(start: number, stop: number): void {
    damaged = true
    report({ kind: 'damage', volume, start, end: stop })
  }

  function take(pack: Pack, found: Omit<PackIndex, 'entries'>): void {
    packs.push(pack)
    end = pack.base + pack.bytes
    // The index record is a batch too.
    lastBatch = found.lastBatch + 1
    epochMax = Math.max(epochMax, found.epoch)
  }

  async function load(listed: readonly Listed[]): Promise<void> {
    const indexes = await mapInOrder(listed, READS_AT_ONCE, (one) => readPackIndex(objects, superblock, one))
    for (const [position, one] of listed.entries()) {
      if (one.sequence <= (packs.at(-1)?.sequence ?? 0)) continue
      const found = indexes[position] ?? null
      if (found === null) {
        const base = end
        hurt(base, base + one.bytes)
        const rest = await rebuild(objects, superblock, one, base)
        for (const entry of rest.entries) index.add(entry.key, entry.alt, entry.offset, entry.bytes)
        take({ ...one, base }, { ...rest, lastBatch: Math.max(lastBatch, rest.lastBatch) })
        continue
      }
      // Put by an earlier holder when a later one had the volume already: nobody was told of what is in it.
      if (found.epoch < epochMax) {
        report({ kind: 'volume superseded', volume })
        continue
      }
      // Packs follow one another without a gap: a pack that is gone shows.
      if (found.base !== end) hurt(Math.min(end, found.base), Math.max(end, found.base))
      for (const entry of found.entries) index.add(entry.key, entry.alt, entry.offset, entry.bytes)
      take({ ...one, base: found.base }, found)
    }
  }

  function settle(loaded: Generation): void {
    packs = [{ key: loaded.key, sequence: 0, base: 0, bytes: loaded.state.offset }]
    index = loaded.index
    generation = loaded.generation
    end = loaded.state.offset
    lastBatch = loaded.state.lastBatch
    epochMax = loaded.state.epochMax
    damaged = false
    foreign = false
    for (const span of loaded.damage) hurt(span.start, span.end)
  }

  function beginAnew(): void {
    packs = []
    index = new NeedleIndex()
    generation = 0
    end = SUPERBLOCK_BYTES
    lastBatch = 0
    // What was put before the rewriting has the epochs of its own holders, which are lower.
    epochMax = 0
    damaged = false
    foreign = true
  }

  /** Whether the volume lies elsewhere than this view thought. */
  async function move(): Promise<boolean> {
    const { whole } = await newestGeneration(objects, volume)
    if (whole !== null) {
      if (whole.generation === generation) return false
      settle(whole)
      return true
    }
    if (generation === 0) return false
    const left = await listSequence(objects, `volumes/${volume}/`, packKey(volume, 0))
    if (left.length === 0) return false
    // A rewriting that never counted was collected; what it was made of is there still.
    beginAnew()
    await load(left)
    return true
  }

  function moved(): Promise<boolean> {
    moving ??= move().finally(() => {
      moving = null
    })
    return moving
  }

  async function refresh(): Promise<void> {
    if (!foreign) return
    const known = generation
    let newest = 0
    const after = packKey(volume, packs.at(-1)?.sequence ?? 0)
    const fresh = await listSequence(objects, `volumes/${volume}/`, after, (key) => {
      newest = Math.max(newest, generationOf(key) ?? 0)
    })
    // Packs that this view never saw may have been merged and collected since: they are found in the rewriting alone.
    if (newest > known && (await moved())) return
    if (generation === known) await load(fresh)
  }

  return {
    superblock,
    get index() {
      return index
    },
    erased: tombstones.erased,
    get damaged() {
      return damaged
    },
    get foreign() {
      return foreign
    },
    state: () => ({ end, lastBatch, epochMax, sequence: packs.at(-1)?.sequence ?? 0 }),
    own() {
      foreign = false
    },
    disown() {
      foreign = true
    },
    adopt(bytes, found) {
      const sequence = (packs.at(-1)?.sequence ?? 0) + 1
      take({ key: packKey(volume, sequence), sequence, base: found.base, bytes }, found)
    },
    async read(offset, length) {
      const pack = packs[packAt(packs, offset)]
      if (pack === undefined || offset >= pack.base + pack.bytes) return new Uint8Array(0)
      const start = offset - pack.base
      const range = { start, end: Math.min(start + length, pack.bytes) - 1 }
      const bytes = await readObject(objects, pack.key, range).catch((error: unknown) => {
        if (error instanceof MediaError && error.code === 'RANGE_NOT_SATISFIABLE') return null
        throw error
      })
      if (bytes !== null) return bytes
      if ((await moved()) || !packs.includes(pack)) throw new Moved()
      throw new MediaError('BLOB_CORRUPT', 'A pack of the volume is gone or cut short.', { facts: { volume, pack: pack.key } })
    },
    settle,
    segments: () => packs.map(({ key, base, bytes }) => ({ key, base, start: Math.max(base, SUPERBLOCK_BYTES), end: base + bytes })),
    // Where an object is gone, a read finds out.
    isStale: async () => false,
    refresh,
    refreshErased: tombstones.refresh,
    erase: tombstones.add,
    async close() {},
  }
}

/** Position of the last pack that begins at or before `offset`. */
function packAt(packs: readonly Pack[], offset: number): number {
  let low = 0
  let high = packs.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((packs[middle]?.base ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low - 1
}

async function readPackIndex(objects: ObjectStore, superblock: Superblock, pack: Listed): Promise<PackIndex | null> {
  let ask = TAIL_BYTES
  for (let turn = 0; turn < 2; turn += 1) {
    const range = { start: Math.max(0, pack.bytes - ask), end: pack.bytes - 1 }
    const tail = pack.bytes === 0 ? null : await readObject(objects, pack.key, range)
    const found = tail === null ? null : decodePackIndex(superblock, tail)
    if (found === null || !('more' in found)) return found
    if (found.more > pack.bytes) return null
    ask = found.more
  }
  return null
}

/** The records of a pack whose index is damaged, from the records themselves. */
async function rebuild(objects: ObjectStore, superblock: Superblock, pack: Listed, base: number): Promise<PackIndex> {
  const bytes = (await readObject(objects, pack.key)) ?? new Uint8Array(0)
  const entries: LogEntry[] = []
  const read = async (offset: number, length: number) => bytes.subarray(offset - base, offset - base + length)
  const found = await scan(
    read,
    seedOf(superblock.uuid),
    { offset: base, lastBatch: -1, epochMax: superblock.epoch },
    ({ header, offset, bytes }) => {
      if (header.type === 'needle') entries.push({ key: header.key, alt: header.alt, offset, bytes })
    },
    { resync: true },
  )
  return { base, lastBatch: found.lastBatch, epoch: found.epochMax, entries }
}
