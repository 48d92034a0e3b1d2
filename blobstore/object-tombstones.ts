import { MediaError } from '../domain/errors.ts'
import type { ObjectStore } from '../domain/ports.ts'
import { tombstoneKey } from './object-names.ts'
import { listSequence, mapInOrder, readObject } from './object-reads.ts'
import type { Superblock } from './superblock.ts'
import { decodeTombstones, encodeTombstone } from './tombstone.ts'
import type { Report } from './volume-log.ts'

const READS_AT_ONCE = 16

/**
 * The tombstones of a volume: objects under a sequence of their own, which any process adds to. A number
 * is taken by `ifNoneMatch`, so there are no gaps, and a look after the last known one misses nothing.
 */
export function followObjectTombstones(objects: ObjectStore, superblock: Superblock, report: Report) {
  const { volume } = superblock
  const erased = new Set<bigint>()
  const pending = new Set<bigint>()
  let last = 0
  let rounds: Promise<void> = Promise.resolve()

  async function refresh(): Promise<void> {
    const listed = await listSequence(objects, `tombstones/${volume}/`, tombstoneKey(volume, last))
    const bodies = await mapInOrder(listed, READS_AT_ONCE, ({ key }) => readObject(objects, key))
    for (const [index, { sequence }] of listed.entries()) {
      const body = bodies[index]
      const found = decodeTombstones(superblock, body ?? new Uint8Array(0))
      for (const key of found.keys) erased.add(key)
      if (found.strayBytes > 0 || !body) report({ kind: 'tombstone damage', volume, bytes: found.strayBytes })
      last = Math.max(last, sequence)
    }
  }

  /** Writes all keys that are waiting as one object. */
  async function addPending(): Promise<void> {
    const keys = [...pending]
    pending.clear()
    const body = new Uint8Array(Buffer.concat(keys.map((key) => encodeTombstone(superblock, key))))
    for (;;) {
      const sequence = last + 1
      try {
        await objects.put(tombstoneKey(volume, sequence), body, { ifNoneMatch: true, type: 'application/octet-stream' })
        // A look meanwhile may have listed it already; one more would pass over another process's.
        last = Math.max(last, sequence)
        break
      } catch (error) {
        if (!(error instanceof MediaError && error.code === 'OBJECT_EXISTS')) throw error
        const before = last
        await refresh()
        if (last === before) throw new MediaError('STORAGE_UNAVAILABLE', 'A tombstone that exists is not listed.', { facts: { volume } })
      }
    }
    for (const key of keys) erased.add(key)
  }

  async function add(key: bigint): Promise<void> {
    pending.add(key)
    const round = rounds.then(async () => {
      if (erased.has(key)) return
      // A round that failed took its keys with it.
      pending.add(key)
      await addPending()
    })
    rounds = round.catch(() => {
      // Told to who asked for it; the next round starts afresh.
    })
    await round
  }

  return { erased, refresh, add }
}
