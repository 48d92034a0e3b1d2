import type { PlacementLog } from '../domain/ports.ts'
import type { VolumeBooks, VolumeDirectory, VolumeGarbage, VolumeLease, VolumeRow } from '../domain/volume-ports.ts'

export interface MemoryDirectory extends VolumeDirectory, VolumeBooks, PlacementLog {
  /** Every placement so far, in order. */
  readonly placed: { readonly key: bigint; readonly volume: number; readonly bytes: number }[]
  /** Volumes sealed, with their bytes. */
  readonly sealed: Map<number, number>
  /** As the catalog is told of an item whose needles were deleted. */
  erased(key: bigint): void
  /** Another directory that begins with what is in this one now. */
  copy(): MemoryDirectory
}

interface Entry extends Omit<VolumeRow, 'leaseMs' | 'bytesHeld' | 'erasedMs'> {
  readonly leaseUntil: number
  readonly isRevoked: boolean
  readonly lastGeneration: number
  readonly erasedSince: number | null
}

interface Garbage extends VolumeGarbage {
  readonly dueAt: number
  readonly isClaimed: boolean
}

interface Books {
  readonly entries: Map<number, Entry>
  readonly garbage: Map<number, Garbage>
  readonly sealed: Map<number, number>
  readonly placed: { readonly key: bigint; readonly volume: number; readonly bytes: number }[]
  readonly forgotten: Set<bigint>
}

interface MemoryDirectoryOptions {
  readonly leaseMs?: number
  readonly nowMs?: () => number
  readonly from?: Books
}

function emptyBooks(): Books {
  return { entries: new Map(), garbage: new Map(), sealed: new Map(), placed: [], forgotten: new Set() }
}

/** A volume directory, its books and a placement log in memory, for tests and for memory stores. */
export function memoryDirectory(options: MemoryDirectoryOptions = {}): MemoryDirectory {
  const { leaseMs = Number.POSITIVE_INFINITY, nowMs = () => performance.now() } = options
  const { entries, garbage, sealed, placed, forgotten } = options.from ?? emptyBooks()
  let lastGarbage = Math.max(0, ...garbage.keys())

  function change(volume: number, entry: Entry, changed: Partial<Entry>): void {
    entries.set(volume, { ...entry, ...changed })
  }

  function hold(entry: Entry, changed: Partial<Entry>): VolumeLease {
    change(entry.volume, entry, { isRevoked: false, leaseUntil: nowMs() + leaseMs, ...changed })
    return { volume: entry.volume, epoch: changed.epoch ?? entry.epoch, leaseMs }
  }

  function rowOf({ leaseUntil, isRevoked: _r, lastGeneration: _l, erasedSince, ...entry }: Entry): VolumeRow {
    const held = placed.filter(({ key, volume }) => volume === entry.volume && !forgotten.has(key))
    const bytesHeld = entry.bytes === null ? held.reduce((sum, { bytes }) => sum + bytes, 0) : Math.max(0, entry.bytes - entry.bytesErased)
    const left = Math.max(0, leaseUntil - nowMs())
    const erasedMs = erasedSince === null ? 0 : nowMs() - erasedSince
    return { ...entry, leaseMs: Number.isFinite(left) ? left : null, bytesHeld, erasedMs }
  }

  function addGarbage(volume: number, generation: number, graceMs: number): void {
    lastGarbage += 1
    garbage.set(lastGarbage, { id: lastGarbage, volume, generation, dueAt: nowMs() + graceMs, isClaimed: false })
  }

  function rewritten(entry: Entry, row: VolumeRow, generation: number, result: { readonly bytes: number; readonly needles: number }): void {
    const keysErased = entry.keysErased - row.keysErased
    const state = result.needles === 0 ? 'retired' : generation > 0 ? 'merged' : entry.state
    change(entry.volume, entry, {
      generation,
      state,
      bytes: result.bytes,
      keysErased,
      bytesErased: Math.max(0, entry.bytesErased - row.bytesErased),
      erasedSince: keysErased > 0 ? entry.erasedSince : null,
    })
  }

  const isRewritable = (entry: Entry | undefined, row: VolumeRow): entry is Entry =>
    entry !== undefined && entry.generation === row.generation && (entry.state === 'sealed' || entry.state === 'merged')

  return {
    placed,
    sealed,
    erased(key) {
      forgotten.add(key)
      const freed = new Map<number, number>()
      for (const one of placed) if (one.key === key) freed.set(one.volume, (freed.get(one.volume) ?? 0) + one.bytes)
      for (const [volume, bytes] of freed) {
        const entry = entries.get(volume)
        if (entry === undefined) continue
        const { keysErased, bytesErased, erasedSince } = entry
        change(volume, entry, { keysErased: keysErased + 1, bytesErased: bytesErased + bytes, erasedSince: erasedSince ?? nowMs() })
      }
    },
    copy() {
      const from = {
        entries: new Map(entries),
        garbage: new Map(garbage),
        sealed: new Map(sealed),
        placed: placed.slice(),
        forgotten: new Set(forgotten),
      }
      return memoryDirectory({ leaseMs, nowMs, from })
    },
    async allot(writer) {
      const volume = Math.max(0, ...entries.keys()) + 1
      const fresh = {
        isRevoked: false,
        lastGeneration: 0,
        generation: 0,
        bytes: null,
        keysErased: 0,
        bytesErased: 0,
        erasedSince: null,
      } as const
      return hold({ ...fresh, volume, writer, epoch: 1, state: 'open', leaseUntil: 0 }, {})
    },
    async openOf(writer) {
      const open = [...entries.values()].filter((entry) => entry.writer === writer && entry.state === 'open').toReversed()
      return open.map((entry) => hold(entry, { epoch: entry.epoch + 1 }))
    },
    async renew({ volume, epoch }) {
      const entry = entries.get(volume)
      return entry?.state === 'open' && entry.epoch === epoch && !entry.isRevoked ? hold(entry, {}) : null
    },
    async seal({ volume, epoch }, bytes) {
      const entry = entries.get(volume)
      if (entry?.state !== 'open' || entry.epoch !== epoch) return false
      change(volume, entry, { state: 'sealed', bytes })
      sealed.set(volume, bytes)
      return true
    },
    async place(key, volume, bytes) {
      placed.push({ key, volume, bytes })
    },
    async volume(volume) {
      const entry = entries.get(volume)
      return entry === undefined ? null : rowOf(entry)
    },
    async volumes({ states, after = 0, limit }) {
      const found = [...entries.values()].filter(({ volume, state }) => volume > after && states.includes(state))
      return found.slice(0, limit).map(rowOf)
    },
    async revoke(volume) {
      const entry = entries.get(volume)
      if (entry?.state !== 'open') return null
      change(volume, entry, { isRevoked: true })
      return rowOf(entry).leaseMs ?? 0
    },
    async take(volume, writer, { force = false } = {}) {
      const entry = entries.get(volume)
      if (entry?.state !== 'open' || !(force || entry.leaseUntil <= nowMs())) return null
      return hold(entry, { writer, epoch: entry.epoch + 1 })
    },
    async beginRewrite(row, graceMs) {
      const entry = entries.get(row.volume)
      if (!isRewritable(entry, row) || entry.state !== row.state) return null
      const generation = entry.lastGeneration + 1
      change(row.volume, entry, { lastGeneration: generation })
      addGarbage(row.volume, generation, graceMs)
      return generation
    },
    async finishRewrite(row, generation, result, graceMs) {
      const attempt = [...garbage.values()].find((one) => one.volume === row.volume && one.generation === generation)
      if (attempt === undefined || attempt.isClaimed) return false
      const entry = entries.get(row.volume)
      if (!isRewritable(entry, row)) return false
      garbage.delete(attempt.id)
      rewritten(entry, row, generation, result)
      addGarbage(row.volume, row.generation, graceMs)
      return true
    },
    async compacted(row, result) {
      const entry = entries.get(row.volume)
      if (entry?.state !== 'sealed' || entry.generation !== row.generation || entry.keysErased < row.keysErased) return false
      rewritten(entry, row, 0, result)
      return true
    },
    async dueGarbage(limit) {
      const due = [...garbage.values()].filter(({ dueAt }) => dueAt <= nowMs()).slice(0, limit)
      for (const one of due) garbage.set(one.id, { ...one, isClaimed: true })
      return due.map(({ id, volume, generation }) => ({ id, volume, generation }))
    },
    async collected(id) {
      garbage.delete(id)
    },
  }
}
