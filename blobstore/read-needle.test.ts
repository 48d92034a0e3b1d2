import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blobLimits } from './blob-limits.ts'
import { recordBytes } from './layout.ts'
import { encodeRecord, seedOf } from './needle.ts'
import { NeedleIndex } from './needle-index.ts'
import { readNeedle } from './read-needle.ts'
import { systemClock } from './refresher.ts'
import type { VolumeView } from './volume-log.ts'
import { Volumes } from './volumes.ts'

const superblock = { volume: 1, epoch: 1, uuid: new Uint8Array(16).fill(7) }
const cookie = new Uint8Array(8).fill(1)
const bytes = recordBytes(5)

function recordOf(key: bigint): Uint8Array {
  const record = new Uint8Array(bytes)
  const header = { type: 'needle', key, alt: 0, cookie, lastOfBatch: true, epoch: 1, batch: 1, durableThrough: 4096 } as const
  encodeRecord(record, 0, seedOf(superblock.uuid), header, new Uint8Array(5).fill(Number(key)))
  return record
}

test('read needle: when the volume is rewritten between two places of a look-up, the second is looked for anew', async () => {
  const moved = new NeedleIndex()
  moved.add(1n, 0, 8_000, bytes)
  // Two keys of one fingerprint, the other one found first.
  const collided = Object.create(moved, {
    find: { value: () => [5_000, 6_000].map((offset) => ({ offset, bytes })) },
    mayBe: { value: () => true },
    bytes: { value: 0 },
  }) as NeedleIndex
  let index = collided
  const view: VolumeView = {
    superblock,
    get index() {
      return index
    },
    erased: new Set(),
    damaged: false,
    foreign: false,
    async read(offset) {
      if (offset === 8_000) return recordOf(1n)
      index = moved
      return offset === 5_000 ? recordOf(2n) : new Uint8Array(bytes)
    },
    isStale: async () => false,
    async refresh() {},
    async refreshErased() {},
    async erase() {},
    async close() {},
  }
  const none = async () => {
    throw new Error('not asked for')
  }
  const backend = { open: async () => view, create: none, recover: none, close: async () => {} }
  const volumes = new Volumes(backend, blobLimits(), systemClock)
  const { data } = await readNeedle(volumes, 1n, { volume: 1, alt: 0, cookie: Buffer.from(cookie).toString('hex') })
  assert.equal(data[0], 1)
})
