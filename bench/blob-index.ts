import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { openFileView, snapshotPath, volumePath, writeSnapshot } from '../blobstore/file-view.ts'
import { recordBytes, SUPERBLOCK_BYTES } from '../blobstore/layout.ts'
import { encodeRecord, seedOf } from '../blobstore/needle.ts'
import { NeedleIndex } from '../blobstore/needle-index.ts'
import { encodeSuperblock } from '../blobstore/superblock.ts'
import { createSystemDisk } from '../blobstore/system-disk.ts'
import type { Bench } from './types.ts'

const NEEDLES = 5_000_000
const BYTES_PER_NEEDLE_MAX = 12
const READY_MS_MAX = 1_000
const DATA_BYTES = 8
const ROUNDS = 5
const CHUNK_RECORDS = 50_000

/** Argument: how many needles. */
export const bench: Bench = {
  name: 'blob-index',
  claim: 'An index takes at most 12 bytes of memory a needle, and a volume of 5 million needles is ready within a second',
  goal: `<= ${BYTES_PER_NEEDLE_MAX} B a needle, and ready in < ${READY_MS_MAX} ms from a snapshot (median of ${ROUNDS})`,
  async run({ scratch, args, say }) {
    const needles = Number(args[0] ?? NEEDLES)
    const disk = createSystemDisk({ directReads: false })
    try {
      const superblock = { volume: 1, epoch: 1, uuid: new Uint8Array(randomBytes(16)) }
      const seed = seedOf(superblock.uuid)
      const each = recordBytes(DATA_BYTES)
      await disk.create(volumePath(scratch, 1), encodeSuperblock(superblock), SUPERBLOCK_BYTES)
      const file = await disk.openWrite(volumePath(scratch, 1))
      const index = new NeedleIndex()
      const data = new Uint8Array(DATA_BYTES)
      let end = SUPERBLOCK_BYTES
      for (let first = 0; first < needles; first += CHUNK_RECORDS) {
        const count = Math.min(CHUNK_RECORDS, needles - first)
        const bytes = new Uint8Array(count * each)
        for (let turn = 0; turn < count; turn += 1) {
          const key = (BigInt(first + turn) << 23n) | BigInt(turn & 1023)
          const header = { type: 'needle', lastOfBatch: true, epoch: 1, alt: 0, key, cookie: data, batch: first + turn + 1 } as const
          encodeRecord(bytes, turn * each, seed, { ...header, durableThrough: end }, data)
          index.add(key, 0, end + turn * each, each)
        }
        await file.write(end, bytes)
        end += bytes.byteLength
      }
      const mark = new Uint8Array(recordBytes(0))
      const none = { key: 0n, alt: 0, cookie: data }
      encodeRecord(
        mark,
        0,
        seed,
        { ...none, type: 'mark', lastOfBatch: true, epoch: 1, batch: needles + 1, durableThrough: end },
        new Uint8Array(0),
      )
      await file.write(end, mark)
      await file.close()
      end += mark.byteLength
      const perNeedle = index.bytes / needles
      say(`${needles} needles: ${perNeedle.toFixed(2)} bytes of memory each`)
      await writeSnapshot(disk, scratch, superblock, { offset: end, lastBatch: needles + 1, epochMax: 1 }, index)
      const ready = async () => {
        const startedMs = performance.now()
        const view = await openFileView(disk, scratch, 1, () => {})
        const tookMs = performance.now() - startedMs
        if (view === null || view.index.count !== needles) throw new Error(`${view?.index.count} needles found`)
        await view.close()
        return tookMs
      }
      const times: number[] = []
      for (let round = 0; round < ROUNDS; round += 1) times.push(await ready())
      const median = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0
      await disk.remove(snapshotPath(scratch, 1))
      const scanMs = await ready()
      say(`ready in ${median.toFixed(0)} ms from a snapshot, ${scanMs.toFixed(0)} ms by scanning ${join(scratch, '1.volume')}`)
      return {
        name: `ready with ${needles} needles at ${perNeedle.toFixed(2)} bytes each`,
        value: Number(median.toFixed(1)),
        unit: 'ms',
        goal: `< ${READY_MS_MAX} ms, <= ${BYTES_PER_NEEDLE_MAX} B a needle`,
        peer: `a scan of the volume: ${scanMs.toFixed(0)} ms`,
        holds: median < READY_MS_MAX && perNeedle <= BYTES_PER_NEEDLE_MAX,
      }
    } finally {
      await disk.close()
    }
  },
}
