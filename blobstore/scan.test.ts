import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { MediaError } from '../domain/errors.ts'
import { recordBytes } from './layout.ts'
import { encodeRecord, seedOf } from './needle.ts'
import { type FoundRecord, scan } from './scan.ts'

const seed = seedOf(new Uint8Array(16))
const start = { offset: 4096, lastBatch: 0, epochMax: 1 }

interface Sketch {
  readonly batch: number
  readonly last?: boolean
  /** Index of the record from which on nothing was known to be durable. */
  readonly durableUpTo: number
  readonly epoch?: number
}

/** A log of the sketched records, 40 bytes of data each. */
function log(sketches: readonly Sketch[]): { bytes: Uint8Array; offsets: number[] } {
  const each = recordBytes(40)
  const bytes = new Uint8Array(4096 + sketches.length * each + 4096)
  const offsets = sketches.map((_, index) => 4096 + index * each)
  for (const [index, { batch, last = true, durableUpTo, epoch = 1 }] of sketches.entries()) {
    const header = { type: 'needle', lastOfBatch: last, epoch, alt: 0, key: BigInt(index), cookie: new Uint8Array(8), batch } as const
    encodeRecord(bytes, offsets[index] ?? 0, seed, { ...header, durableThrough: 4096 + durableUpTo * each }, new Uint8Array(40).fill(index))
  }
  return { bytes, offsets }
}

async function walk(bytes: Uint8Array, resync = true) {
  const records: FoundRecord[] = []
  const result = await scan(
    async (offset, length) => bytes.slice(offset, offset + length),
    seed,
    start,
    (record) => records.push(record),
    { resync },
  )
  return { ...result, keys: records.map(({ header }) => Number(header.key)) }
}

const three = [
  { batch: 1, durableUpTo: 0 },
  { batch: 2, last: false, durableUpTo: 1 },
  { batch: 2, durableUpTo: 1 },
  { batch: 3, durableUpTo: 3 },
]

test('scan: a clean log is walked to its end', async () => {
  const { bytes } = log(three)
  const found = await walk(bytes)
  assert.deepEqual(found.keys, [0, 1, 2, 3])
  assert.deepEqual({ ...found, keys: 0 }, { end: 4096 + 4 * recordBytes(40), lastBatch: 3, epochMax: 1, damage: [], torn: false, keys: 0 })
})

test('scan: bad bytes that a later record calls durable are damage: kept, and walked past', async () => {
  for (const at of [0, 60, 100]) {
    const { bytes, offsets } = log(three)
    const where = (offsets[1] ?? 0) + at
    bytes[where] = (bytes[where] ?? 0) ^ 1
    const found = await walk(bytes)
    assert.equal(found.end, 4096 + 4 * recordBytes(40))
    // A header that fails takes its record with it; a body that fails is for the reader to find.
    assert.deepEqual(found.keys, at === 0 ? [0, 2, 3] : [0, 1, 2, 3])
    assert.deepEqual(found.damage, at === 0 ? [{ start: offsets[1], end: offsets[2] }] : [])
  }
})

test('scan: bad bytes that no record calls durable are a torn batch, dropped whole', async () => {
  const torn = three.slice(0, 3)
  for (const record of [1, 2]) {
    for (const at of [0, 60, 100]) {
      const { bytes, offsets } = log(torn)
      const where = (offsets[record] ?? 0) + at
      bytes[where] = (bytes[where] ?? 0) ^ 1
      const found = await walk(bytes)
      assert.deepEqual(found.keys, [0])
      assert.equal(found.end, offsets[1])
      assert.equal(found.torn, true)
      assert.deepEqual(found.damage, [])
    }
  }
})

test('scan: of one torn commit, the whole batches before the tear stay', async () => {
  const commit = [
    { batch: 1, durableUpTo: 0 },
    { batch: 2, durableUpTo: 1 },
    { batch: 3, durableUpTo: 1 },
    { batch: 4, durableUpTo: 1 },
  ]
  const { bytes, offsets } = log(commit)
  bytes.fill(0, offsets[2], (offsets[2] ?? 0) + 64)
  const found = await walk(bytes)
  assert.deepEqual(found.keys, [0, 1])
  assert.equal(found.end, offsets[2])
  assert.equal(found.lastBatch, 2)
})

test('scan: leftovers of an earlier writer, whole as they are, are not taken for records', async () => {
  const stale = await walk(
    log([
      { batch: 1, durableUpTo: 0 },
      { batch: 2, durableUpTo: 1, epoch: 2 },
      { batch: 3, durableUpTo: 1, epoch: 1 },
    ]).bytes,
  )
  assert.deepEqual(stale.keys, [0, 1])
  const skipped = await walk(
    log([
      { batch: 1, durableUpTo: 0 },
      { batch: 3, durableUpTo: 0 },
    ]).bytes,
  )
  assert.deepEqual(skipped.keys, [0])
})

test('scan: following a writer at work, a half-written record ends the walk without a search', async () => {
  const { bytes, offsets } = log(three)
  bytes[offsets[1] ?? 0] = 0
  const found = await walk(bytes, false)
  assert.deepEqual(found.keys, [0])
  assert.equal(found.end, offsets[1])
})

test('scan: a sound record of a type of tomorrow is refused by name', async () => {
  const { bytes, offsets } = log(three)
  const at = offsets[1] ?? 0
  bytes[at + 5] = 99

  new DataView(bytes.buffer).setUint32(at + 52, crc32(bytes.subarray(at, at + 52), seed), true)
  await assert.rejects(walk(bytes), (error) => error instanceof MediaError && error.code === 'VOLUME_UNKNOWN_FORMAT')
})

/**
 * A volume that a writer appends to, commit by commit, each once the one before is durable. `sizes`: of each commit, the bytes of data of each
 * of its batches.
 */
function growing(sizes: readonly (readonly number[])[]) {
  const commits: { start: number; bytes: Uint8Array }[] = []
  let [end, key, batch] = [4096, 0, 0]
  for (const commit of sizes) {
    const bytes = new Uint8Array(commit.reduce((sum, size) => sum + recordBytes(size), 0))
    let at = 0
    for (const size of commit) {
      batch += 1
      const header = { type: 'needle', lastOfBatch: true, epoch: 1, alt: 0, key: BigInt(key), cookie: new Uint8Array(8), batch } as const
      at += encodeRecord(bytes, at, seed, { ...header, durableThrough: end }, new Uint8Array(size).fill(key + 1))
      key += 1
    }
    commits.push({ start: end, bytes })
    end += bytes.byteLength
  }
  const volume = new Uint8Array(end + 300_000)
  let [begun, acknowledged] = [0, 0]
  return {
    volume,
    /** Records that were acknowledged. */
    get acknowledged() {
      return sizes.slice(0, acknowledged).flat().length
    },
    /** The commit under way is there in part, in any order of its sectors, or becomes durable. */
    step(part: number) {
      const commit = commits[acknowledged]
      if (commit === undefined) return
      const { start: from, bytes } = commit
      const isDone = begun > 0 && part % 3 === 0
      for (let sector = 0; sector < bytes.byteLength; sector += 512) {
        const isThere = isDone || ((sector / 512) * 7 + part) % 5 < 2
        if (isThere) volume.set(bytes.subarray(sector, sector + 512), from + sector)
      }
      begun = isDone ? 0 : 1
      if (isDone) acknowledged += 1
    },
  }
}

test('scan: beside a writer at work nothing that it appends is taken for damage, and all that it had acknowledged is found', async () => {
  const data = fc.oneof(fc.nat(200), fc.nat(3_000), fc.integer({ min: 30_000, max: 300_000 }))
  const commits = fc.array(fc.array(data, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  const steps = fc.array(fc.array(fc.nat(1_000), { maxLength: 6 }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(commits, steps, fc.nat(8), async (sizes, pace, head) => {
      const writer = growing(sizes)
      for (let step = 0; step < head; step += 1) writer.step(step)
      const before = writer.acknowledged
      const keys: number[] = []
      let reads = 0
      const read = async (offset: number, length: number) => {
        // Each read may be of any moment: the writer goes on before it.
        for (const part of pace[reads] ?? []) writer.step(part)
        reads += 1
        assert.ok(reads < 1_000, 'the walk comes to an end')
        return writer.volume.slice(offset, offset + length)
      }
      const { damage } = await scan(read, seed, start, ({ header }) => keys.push(Number(header.key)), { resync: true })
      assert.deepEqual(damage, [])
      assert.deepEqual(keys, [...keys.keys()], 'in their order, without a gap')
      assert.ok(keys.length >= before)
    }),
    { numRuns: 2_000 },
  )
})
