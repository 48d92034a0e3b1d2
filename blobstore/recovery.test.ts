import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import type { Locator } from '../domain/media.ts'
import { type BlobHarness, fileHarness, memoryHarness } from '../tests/contract/blobstore-harness.ts'
import { createFileBlobStore } from './file.ts'
import { dataOf, limitsOfChild } from './crash-writer.fixture.ts'
import { SUPERBLOCK_BYTES } from './layout.ts'

/** Two acknowledged batches, then one whose end will be torn; the process stops without closing. */
async function writeThree(harness: BlobHarness) {
  const store = await harness.open()
  const kept: [bigint, Locator, Uint8Array][] = []
  for (const key of [1n, 2n]) {
    const data = new Uint8Array(randomBytes(50))
    const [locator] = await store.append([{ key, alt: 1, data }])
    kept.push([key, locator as Locator, data])
  }
  const used = async () => ((await harness.files()).get('1.volume') as Uint8Array).findLastIndex((byte) => byte !== 0) + 1
  const start = Math.ceil((await used()) / 8) * 8
  const last = await store.append([
    { key: 3n, alt: 1, data: new Uint8Array(randomBytes(20)) },
    { key: 3n, alt: 2, data: new Uint8Array(randomBytes(21)) },
  ])
  const whole = (await harness.files()).get('1.volume') as Uint8Array
  // Padding is zeros, as is what lies beyond: a tear within it is none.
  return { kept, last, start, end: await used(), whole }
}

async function recoversFrom(
  harness: BlobHarness,
  bytes: Uint8Array,
  { kept, last }: Awaited<ReturnType<typeof writeThree>>,
  where: string,
): Promise<void> {
  await harness.replace('1.volume', bytes)
  const store = await harness.open()
  for (const [key, locator, data] of kept) assert.deepEqual(Buffer.from((await store.read(key, locator)).data), Buffer.from(data), where)
  for (const locator of last) {
    await assert.rejects(store.read(3n, locator), (error) => error instanceof MediaError && error.code === 'BLOB_NOT_FOUND', where)
  }
  const [next] = await store.append([{ key: 4n, alt: 1, data: new Uint8Array([4]) }])
  assert.equal(next?.volume, 1, where)
  const again = await harness.open()
  assert.deepEqual([...(await again.read(4n, next as Locator)).data], [4], where)
  await store.close()
  await again.close()
  assert.equal(harness.reports.filter(({ kind }) => kind === 'damage').length, 0, where)
}

for (const [name, make, stride] of [
  ['memory', memoryHarness, 1],
  ['file', fileHarness, 29],
] as const) {
  test(`blobstore ${name}: a torn tail is cut off on recovery, wherever it tears, and the volume goes on`, async () => {
    const harness = await make()
    try {
      const written = await writeThree(harness)
      for (let tear = written.start; tear < written.end; tear += stride) {
        const zeroed = written.whole.slice()
        zeroed.fill(0, tear)
        // A last byte that happens to be zero tears nothing off.
        if (Buffer.compare(zeroed, written.whole) !== 0) await recoversFrom(harness, zeroed, written, `zeros from ${tear}`)
        await recoversFrom(harness, written.whole.slice(0, tear), written, `ends at ${tear}`)
      }
    } finally {
      await harness.dispose()
    }
  })

  test(`blobstore ${name}: sectors of a torn batch that came out of order are cut off too`, async () => {
    const harness = await make()
    try {
      const written = await writeThree(harness)
      for (let hole = written.start; hole < written.end; hole += stride) {
        const holed = written.whole.slice()
        holed.fill(0xff, hole, Math.min(hole + 16, written.end))
        await recoversFrom(harness, holed, written, `hole at ${hole}`)
      }
    } finally {
      await harness.dispose()
    }
  })

  test(`blobstore ${name}: damage below what was durable is told, left as it is, and no more is written there`, async () => {
    const harness = await make()
    try {
      const { kept, last, whole } = await writeThree(harness)
      const damaged = whole.slice()
      damaged[SUPERBLOCK_BYTES + 20] = (damaged[SUPERBLOCK_BYTES + 20] ?? 0) ^ 4
      await harness.replace('1.volume', damaged)
      const store = await harness.open()
      assert.ok(harness.reports.some(({ kind }) => kind === 'damage'))
      const [lost, sound] = kept
      assert.ok(lost && sound)
      await assert.rejects(store.read(lost[0], lost[1]), (error) => error instanceof MediaError && error.code === 'BLOB_CORRUPT')
      assert.deepEqual(Buffer.from((await store.read(sound[0], sound[1])).data), Buffer.from(sound[2]))
      for (const locator of last) await store.read(3n, locator)
      const [next] = await store.append([{ key: 4n, alt: 1, data: new Uint8Array([4]) }])
      assert.equal(next?.volume, 2)
      assert.deepEqual((await harness.files()).get('1.volume'), damaged)
      await store.close()
    } finally {
      await harness.dispose()
    }
  })
}

test('blobstore file: of a writer killed in mid-write, every acknowledged needle is readable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-crash-'))
  try {
    const acknowledged: { key: string; length: number; locator: Locator }[] = []
    for (let life = 0; life < 3; life += 1) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-writer.fixture.ts'), folder, String(life)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const exited = new Promise((resolve) => child.once('exit', resolve))
      let seen = 0
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(JSON.parse(line))
        seen += 1
        if (seen === 150 + life * 37) child.kill('SIGKILL')
      }
      await exited
      assert.equal(child.signalCode, 'SIGKILL')
      const store = await createFileBlobStore({ folder, writer: 'crash', limits: limitsOfChild })
      for (const { key, length, locator } of acknowledged) {
        assert.deepEqual(Buffer.from((await store.read(BigInt(key), locator)).data), Buffer.from(dataOf(BigInt(key), length)))
      }
      await store.close()
    }
    assert.ok(new Set(acknowledged.map(({ locator }) => locator.volume)).size > 1, 'no volume was filled in between')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
