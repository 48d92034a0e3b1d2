import { randomBytes } from 'node:crypto'
import { SUPERBLOCK_BYTES } from './layout.ts'
import { NeedleIndex } from './needle-index.ts'
import { seedOf } from './needle.ts'
import { scan } from './scan.ts'
import { decodeSuperblock, encodeSuperblock, type Superblock } from './superblock.ts'
import type { Commit, OwnVolume, Report, VolumeBackend, VolumeView } from './volume-log.ts'

/** The bytes of volumes kept in memory; give the same one to a second store to see what a restart sees. */
export interface MemoryVolumes {
  readonly logs: Map<number, Uint8Array>
  readonly erased: Map<number, Set<bigint>>
}

export function memoryVolumes(): MemoryVolumes {
  return { logs: new Map(), erased: new Map() }
}

/** For tests: one process, nothing outlives it, every commit is durable at once. */
export function createMemoryBackend(memory: MemoryVolumes, report: Report): VolumeBackend {
  function bytesOf(volume: number): Uint8Array {
    const bytes = memory.logs.get(volume)
    if (bytes === undefined) throw new Error(`no volume ${volume}`)
    return bytes
  }

  const readOf = (volume: number) => async (offset: number, length: number) => bytesOf(volume).slice(offset, offset + length)

  function viewOf(superblock: Superblock, index: NeedleIndex, damaged: boolean): VolumeView {
    const { volume } = superblock
    const erased = memory.erased.get(volume) ?? new Set<bigint>()
    memory.erased.set(volume, erased)
    return {
      superblock,
      index,
      erased,
      damaged,
      foreign: false,
      read: readOf(volume),
      isStale: async () => false,
      async refresh() {},
      async refreshErased() {},
      async erase(key) {
        erased.add(key)
      },
      async close() {},
    }
  }

  function logOf(superblock: Superblock, epoch: number, start: number, startBatch: number) {
    let end = start
    let lastBatch = startBatch
    return {
      superblock,
      epoch,
      get end() {
        return end
      },
      get lastBatch() {
        return lastBatch
      },
      commitsMax: 1,
      trailerOf: () => ({ bytes: 0, batches: 0 }),
      async commit(commit: Commit) {
        const held = bytesOf(superblock.volume)
        let target = held
        if (commit.base + commit.bytes.byteLength > held.byteLength) {
          target = new Uint8Array(Math.max(held.byteLength * 2, commit.base + commit.bytes.byteLength))
          target.set(held)
          memory.logs.set(superblock.volume, target)
        }
        target.set(commit.bytes, commit.base)
        end = commit.base + commit.bytes.byteLength
        lastBatch = commit.lastBatch
      },
      async seal() {
        memory.logs.set(superblock.volume, bytesOf(superblock.volume).slice(0, end))
        return end
      },
      async close() {},
      async abandon() {},
    }
  }

  async function load(volume: number) {
    const bytes = memory.logs.get(volume)
    if (bytes === undefined) return null
    const superblock = decodeSuperblock(bytes.subarray(0, SUPERBLOCK_BYTES))
    const index = new NeedleIndex()
    const from = { offset: SUPERBLOCK_BYTES, lastBatch: 0, epochMax: superblock.epoch }
    const found = await scan(
      readOf(volume),
      seedOf(superblock.uuid),
      from,
      ({ header, offset, bytes }) => {
        if (header.type === 'needle') index.add(header.key, header.alt, offset, bytes)
      },
      { resync: true },
    )
    for (const { start, end } of found.damage) report({ kind: 'damage', volume, start, end })
    return { found, superblock, view: viewOf(superblock, index, found.damage.length > 0) }
  }

  return {
    async create(volume, epoch): Promise<OwnVolume> {
      const superblock = { volume, epoch, uuid: new Uint8Array(randomBytes(16)) }
      memory.logs.set(volume, encodeSuperblock(superblock))
      return { log: logOf(superblock, epoch, SUPERBLOCK_BYTES, 0), view: viewOf(superblock, new NeedleIndex(), false) }
    },
    async recover(volume, epoch) {
      const loaded = await load(volume)
      if (loaded === null) return null
      const { found, superblock, view } = loaded
      const sound = found.damage.length === 0 && epoch >= found.epochMax
      if (sound && found.torn) report({ kind: 'torn tail cut', volume, end: found.end })
      if (sound) memory.logs.set(volume, bytesOf(volume).slice(0, found.end))
      return { log: sound ? logOf(superblock, epoch, found.end, found.lastBatch) : null, view, bytes: found.end }
    },
    open: async (volume) => (await load(volume))?.view ?? null,
    async close() {},
  }
}
