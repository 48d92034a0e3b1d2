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
import { type Span, scan } from './scan.ts'
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
  /** 0: its packs. */
  readonly generation: number
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

/**
 * What a view knows of its volume. Where the volume was rewritten, another takes its place whole, so that whatever is still
 * being loaded into the one before is of no consequence.
 */
interface Known {
  readonly generation: number
  readonly index: NeedleIndex
  readonly packs: Pack[]
  readonly damage: Span[]
  end: number
  lastBatch: number
  epochMax: number
  foreign: boolean
}

function noPacks(epochMax: number): Known {
  return { generation: 0, index: new NeedleIndex(), packs: [], damage: [], end: SUPERBLOCK_BYTES, lastBatch: 0, epochMax, foreign: true }
}

function ofGeneration({ key, generation, index, state, damage }: Generation): Known {
  const { offset: end, lastBatch, epochMax } = state
  const packs = [{ key, sequence: 0, base: 0, bytes: end }]
  return { generation, index, packs, damage: [...damage], end, lastBatch, epochMax, foreign: false }
}

const lastSequence = ({ packs }: Known) => packs.at(-1)?.sequence ?? 0

function take(into: Known, pack: Pack, found: Omit<PackIndex, 'entries'>): void {
  into.packs.push(pack)
  into.end = pack.base + pack.bytes
  // The index record is a batch too.
  into.lastBatch = found.lastBatch + 1
  into.epochMax = Math.max(into.epochMax, found.epoch)
}

function index(into: Known, entries: readonly LogEntry[]): void {
  for (const entry of entries) into.index.add(entry.key, entry.alt, entry.offset, entry.bytes)
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
  const tombstones = followObjectTombstones(objects, superblock, report)
  let known = noPacks(superblock.epoch)
  let looked: Promise<void> = Promise.resolve()
  let nextLook: Promise<void> | null = null

  function hurt(of: Known, start: number, end: number): void {
    of.damage.push({ start, end })
    if (of === known) report({ kind: 'damage', volume, start, end })
  }

  function become(next: Known): void {
    known = next
    for (const { start, end } of next.damage) report({ kind: 'damage', volume, start, end })
  }

  /** @param isElsewhere asked when a pack that was listed is gone: whether the volume lies elsewhere by now */
  async function load(into: Known, listed: readonly Listed[], isElsewhere: () => Promise<boolean>): Promise<void> {
    const indexes = await mapInOrder(listed, READS_AT_ONCE, (one) => readPackIndex(objects, superblock, one))
    if (indexes.includes('gone') && (await isElsewhere())) return
    for (const [position, one] of listed.entries()) {
      const found = indexes[position]
      if (one.sequence <= lastSequence(into)) continue
      if (found === undefined || found === 'bad' || found === 'gone') {
        const base = into.end
        const rest = await rebuild(objects, superblock, one, base)
        // Another look may have been faster meanwhile.
        if (one.sequence <= lastSequence(into)) continue
        hurt(into, base, base + one.bytes)
        index(into, rest.entries)
        take(into, { ...one, base }, { ...rest, lastBatch: Math.max(into.lastBatch, rest.lastBatch) })
        continue
      }
      // Put by an earlier holder when a later one had the volume already: nobody was told of what is in it.
      if (found.epoch < into.epochMax) {
        report({ kind: 'volume superseded', volume })
        continue
      }
      // Packs follow one another without a gap: a pack that is gone shows.
      if (found.base !== into.end) hurt(into, Math.min(into.end, found.base), Math.max(into.end, found.base))
      index(into, found.entries)
      take(into, { ...one, base: found.base }, found)
    }
  }

  /** Looks where the volume lies. */
  async function move(): Promise<void> {
    const { whole } = await newestGeneration(objects, volume)
    if (whole !== null) {
      if (whole.generation !== known.generation) become(ofGeneration(whole))
      return
    }
    if (known.generation === 0) return
    const left = await listSequence(objects, `volumes/${volume}/`, packKey(volume, 0))
    if (left.length === 0) return
    // A rewriting that never counted was collected; what it was made of is there still. What was put before the
    // rewriting has the epochs of its own holders, which are lower.
    const anew = noPacks(0)
    await load(anew, left, async () => false)
    become(anew)
  }

  /** One look for all who ask at once, and one that begins after the asking: what was seen before may be gone. */
  function look(): Promise<void> {
    if (nextLook === null) {
      nextLook = looked.then(() => {
        nextLook = null
        return move()
      })
      looked = nextLook.catch(() => {
        // Told to who asked for it; the next look starts afresh.
      })
    }
    return nextLook
  }

  async function isElsewhere(than: Known): Promise<boolean> {
    if (known === than) await look()
    return known !== than
  }

  async function refresh(): Promise<void> {
    const at = known
    if (!at.foreign) return
    let newest = 0
    const fresh = await listSequence(objects, `volumes/${volume}/`, packKey(volume, lastSequence(at)), (key) => {
      newest = Math.max(newest, generationOf(key) ?? 0)
    })
    // Packs that this view never saw may have been merged and collected since: they are found in the rewriting alone.
    if (newest > at.generation && (await isElsewhere(at))) return
    await load(at, fresh, () => isElsewhere(at))
  }

  return {
    superblock,
    get index() {
      return known.index
    },
    erased: tombstones.erased,
    get damaged() {
      return known.damage.length > 0
    },
    get foreign() {
      return known.foreign
    },
    state() {
      const { generation, end, lastBatch, epochMax } = known
      return { generation, end, lastBatch, epochMax, sequence: lastSequence(known) }
    },
    own() {
      known.foreign = false
    },
    disown() {
      known.foreign = true
    },
    adopt(bytes, found) {
      const sequence = lastSequence(known) + 1
      take(known, { key: packKey(volume, sequence), sequence, base: found.base, bytes }, found)
    },
    async read(offset, length) {
      const at = known
      const pack = at.packs[packAt(at.packs, offset)]
      if (pack === undefined || offset >= pack.base + pack.bytes) return new Uint8Array(0)
      const start = offset - pack.base
      const range = { start, end: Math.min(start + length, pack.bytes) - 1 }
      const bytes = await readObject(objects, pack.key, range).catch((error: unknown) => {
        if (error instanceof MediaError && error.code === 'RANGE_NOT_SATISFIABLE') return null
        throw error
      })
      if (bytes !== null) return bytes
      if (await isElsewhere(at)) throw new Moved()
      throw new MediaError('BLOB_CORRUPT', 'A pack of the volume is gone or cut short.', { facts: { volume, pack: pack.key } })
    },
    settle: (generation) => become(ofGeneration(generation)),
    segments: () => known.packs.map(({ key, base, bytes }) => ({ key, base, start: Math.max(base, SUPERBLOCK_BYTES), end: base + bytes })),
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

async function readPackIndex(objects: ObjectStore, superblock: Superblock, pack: Listed): Promise<PackIndex | 'bad' | 'gone'> {
  let ask = TAIL_BYTES
  for (let turn = 0; turn < 2 && pack.bytes > 0; turn += 1) {
    const range = { start: Math.max(0, pack.bytes - ask), end: pack.bytes - 1 }
    const tail = await readObject(objects, pack.key, range)
    if (tail === null) return 'gone'
    const found = decodePackIndex(superblock, tail)
    if (found === null) return 'bad'
    if (!('more' in found)) return found
    if (found.more > pack.bytes) return 'bad'
    ask = found.more
  }
  return 'bad'
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
