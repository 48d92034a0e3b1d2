import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { MediaError } from '../../domain/errors.ts'
import type { Locator } from '../../domain/media.ts'
import type { BlobStore, NeedleInput } from '../../domain/ports.ts'
import type { BlobHarness } from './blobstore-harness.ts'

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof MediaError, `expected ${expected}, got ${String(error)}`)
  assert.equal(error.code, expected)
  return true
}

const text = (value: string) => new Uint8Array(Buffer.from(value))
const needle = (key: bigint, alt: number, data: Uint8Array): NeedleInput => ({ key, alt, data })

async function appendOne(store: BlobStore, key: bigint, alt: number, data: Uint8Array): Promise<Locator> {
  const [locator] = await store.append([needle(key, alt, data)])
  assert.ok(locator)
  return locator
}

async function assertReads(store: Pick<BlobStore, 'read'>, key: bigint, locator: Locator, data: Uint8Array): Promise<void> {
  const read = await store.read(key, locator)
  assert.deepEqual(Buffer.from(read.data), Buffer.from(data))
  assert.equal(read.crc, crc32(data))
}

/**
 * What every blob store does, whatever its volumes lie on. `make` gives an empty storage each time; `flipEvery` is how
 * many bytes lie between those that are harmed one after another.
 */
export function blobStoreContract(name: string, make: () => Promise<BlobHarness>, { flipEvery = 1 } = {}): void {
  const about = (sentence: string, run: (harness: BlobHarness) => Promise<void>): void => {
    const title = `blobstore ${name}: ${sentence}`
    void test(title, async () => {
      const harness = await make()
      try {
        await run(harness)
      } finally {
        await harness.dispose()
      }
    })
  }

  about('reads back what was appended, with its CRC-32', async (harness) => {
    const store = await harness.open()
    const batch = [
      needle(1n, 0x0100_0000, text('one')),
      needle(1n, 0x0100_0001, randomBytes(70_000)),
      needle(2n ** 64n - 1n, 2 ** 32 - 1, text('last')),
    ]
    const locators = await store.append(batch)
    assert.deepEqual(
      locators.map(({ alt }) => alt),
      batch.map(({ alt }) => alt),
    )
    for (const [index, { key, data }] of batch.entries()) {
      const locator = locators[index]
      assert.ok(locator && /^[0-9a-f]{16}$/.test(locator.cookie))
      await assertReads(store, key, locator, data)
    }
    await store.close()
  })

  about('takes a needle of no bytes, and an empty batch', async (harness) => {
    const store = await harness.open()
    assert.deepEqual(await store.append([]), [])
    await assertReads(store, 7n, await appendOne(store, 7n, 1, new Uint8Array(0)), new Uint8Array(0))
    await store.close()
  })

  about('takes needles and batches up to their limits and refuses larger ones', async (harness) => {
    const store = await harness.open({ limits: { needleBytesMax: 300_000, batchBytesMax: 500_000, commitBytesMax: 65_536 } })
    const data = new Uint8Array(randomBytes(300_000))
    await assertReads(store, 1n, await appendOne(store, 1n, 1, data), data)
    await assert.rejects(store.append([needle(1n, 2, new Uint8Array(300_001))]), /over the limit/)
    await assert.rejects(store.append([needle(1n, 2, data), needle(1n, 3, data)]), /over the limit/)
    await store.close()
  })

  about('answers a wrong cookie, key, alternate key or volume as not found', async (harness) => {
    const store = await harness.open()
    const locator = await appendOne(store, 5n, 9, text('secret'))
    const wrong: [bigint, Locator][] = [
      [5n, { ...locator, cookie: '0000000000000000' }],
      [5n, { ...locator, cookie: locator.cookie.toUpperCase().replace(/^[^A-F]*$/, 'short') }],
      [5n, { ...locator, cookie: '' }],
      [6n, locator],
      [5n, { ...locator, alt: 10 }],
      [5n, { ...locator, volume: locator.volume + 1000 }],
    ]
    for (const [key, asked] of wrong) await assert.rejects(store.read(key, asked), code('BLOB_NOT_FOUND'))
    await store.close()
  })

  about('serves the last of several needles of one key and alternate key', async (harness) => {
    const store = await harness.open()
    const first = await appendOne(store, 3n, 4, text('first'))
    const second = await appendOne(store, 3n, 4, text('second'))
    await assertReads(store, 3n, second, text('second'))
    await assert.rejects(store.read(3n, first), code('BLOB_NOT_FOUND'))
    const [lost, won] = await store.append([needle(3n, 5, text('in one batch')), needle(3n, 5, text('the last'))])
    assert.ok(lost && won)
    await assertReads(store, 3n, won, text('the last'))
    await store.close()
    const again = await harness.open()
    await assertReads(again, 3n, second, text('second'))
    await assert.rejects(again.read(3n, first), code('BLOB_NOT_FOUND'))
    await again.close()
  })

  about('a tombstone is for the whole key, for good, and twice is as once', async (harness) => {
    const store = await harness.open()
    const [a, b, other] = await store.append([needle(8n, 1, text('a')), needle(8n, 2, text('b')), needle(9n, 1, text('other'))])
    assert.ok(a && b && other)
    await store.delete(8n, a.volume)
    await store.delete(8n, a.volume)
    await store.delete(8n, 999_999)
    for (const locator of [a, b]) await assert.rejects(store.read(8n, locator), code('MEDIA_ERASED'))
    await assertReads(store, 9n, other, text('other'))
    await store.close()
    const again = await harness.open()
    for (const locator of [a, b]) await assert.rejects(again.read(8n, locator), code('MEDIA_ERASED'))
    await assertReads(again, 9n, other, text('other'))
    await again.close()
  })

  about('a tombstone of a version is for its needles alone, for good, and the key can still be erased', async (harness) => {
    const store = await harness.open()
    const [old, older, current, other] = await store.append([
      needle(8n, 0x100_0001, text('old')),
      needle(8n, 0x1ff_ffff, text('old too')),
      needle(8n, 0x200_0001, text('current')),
      needle(9n, 0x100_0001, text('other')),
    ])
    assert.ok(old && older && current && other)
    await store.delete(8n, old.volume, 1)
    await store.delete(8n, old.volume, 1)
    await store.delete(8n, 999_999, 1)
    await assert.rejects(store.delete(8n, old.volume, 0), /version/)
    const assertGone = async (one: BlobStore) => {
      for (const locator of [old, older]) await assert.rejects(one.read(8n, locator), code('VERSION_REPLACED'))
      await assertReads(one, 8n, current, text('current'))
      await assertReads(one, 9n, other, text('other'))
    }
    await assertGone(store)
    await store.close()
    const again = await harness.open()
    await assertGone(again)
    await again.delete(8n, current.volume)
    for (const locator of [old, current]) await assert.rejects(again.read(8n, locator), code('MEDIA_ERASED'))
    await again.close()
  })

  about('a key erased in one volume is appended to another, with its placement logged anew', async (harness) => {
    const store = await harness.open()
    const before = await appendOne(store, 8n, 1, text('before'))
    await store.delete(8n, before.volume)
    const after = await appendOne(store, 8n, 1, text('after'))
    assert.notEqual(after.volume, before.volume)
    assert.deepEqual(harness.directory.placed, [
      { key: 8n, volume: before.volume, bytes: 80 },
      { key: 8n, volume: after.volume, bytes: 80 },
    ])
    await assertReads(store, 8n, after, text('after'))
    await assert.rejects(store.read(8n, before), code('MEDIA_ERASED'))
    await store.close()
  })

  about('logs the placement of each key of a batch, with its bytes, before the needles are stored', async (harness) => {
    const store = await harness.open()
    await store.append([needle(4n, 1, text('x')), needle(5n, 1, text('y')), needle(4n, 2, text('z'))])
    assert.deepEqual(
      harness.directory.placed.map(({ key, bytes }) => [key, bytes]),
      [
        [4n, 160],
        [5n, 80],
      ],
    )
    const refuse = harness.directory.place
    harness.directory.place = async () => {
      throw new MediaError('MEDIA_ERASED')
    }
    await assert.rejects(store.append([needle(6n, 1, text('z'))]), code('MEDIA_ERASED'))
    harness.directory.place = refuse
    await appendOne(store, 6n, 1, text('z'))
    await store.close()
  })

  about('many concurrent appends are all readable, each batch contiguous', async (harness) => {
    const store = await harness.open()
    const batches = Array.from({ length: 60 }, (_, index) =>
      Array.from({ length: 1 + (index % 4) }, (_, alt) => needle(BigInt(index), alt, new Uint8Array(randomBytes(index * 37)))),
    )
    const located = await Promise.all(batches.map((batch) => store.append(batch)))
    for (const [index, batch] of batches.entries()) {
      for (const [at, { key, data }] of batch.entries()) {
        const locator = located[index]?.[at]
        assert.ok(locator)
        await assertReads(store, key, locator, data)
      }
    }
    await store.close()
  })

  about('what was acknowledged is there after an abrupt stop, and the volume is appended to again', async (harness) => {
    const stopped = await harness.open()
    const kept: [bigint, Locator, Uint8Array][] = []
    for (let key = 1n; key <= 20n; key += 1n) {
      const data = new Uint8Array(randomBytes(Number(key) * 100))
      kept.push([key, await appendOne(stopped, key, 1, data), data])
    }
    await stopped.delete(3n, kept[2]?.[1].volume ?? 0)
    const again = await harness.open()
    const next = await appendOne(again, 21n, 1, text('next'))
    assert.equal(next.volume, kept[0]?.[1].volume)
    for (const [key, locator, data] of kept) {
      if (key === 3n) await assert.rejects(again.read(key, locator), code('MEDIA_ERASED'))
      else await assertReads(again, key, locator, data)
    }
    await again.close()
    const third = await harness.open()
    await assertReads(third, 21n, next, text('next'))
    await third.close()
    assert.deepEqual(
      harness.reports.filter(({ kind }) => kind === 'damage'),
      [],
    )
  })

  about('a full volume is sealed and another one opened', async (harness) => {
    const store = await harness.open({ limits: { volumeBytesMax: 20_000 } })
    const kept: [bigint, Locator, Uint8Array][] = []
    for (let key = 1n; key <= 10n; key += 1n) {
      const data = new Uint8Array(randomBytes(5_000))
      kept.push([key, await appendOne(store, key, 1, data), data])
    }
    assert.ok(new Set(kept.map(([, { volume }]) => volume)).size >= 3)
    for (const [key, locator, data] of kept) await assertReads(store, key, locator, data)
    await store.delete(1n, kept[0]?.[1].volume ?? 0)
    await store.close()
    assert.ok(harness.directory.sealed.size >= 2)
    for (const bytes of harness.directory.sealed.values()) assert.ok(bytes > 5_000 && bytes <= 21_000)
    const again = await harness.open()
    for (const [key, locator, data] of kept.slice(1)) await assertReads(again, key, locator, data)
    await assert.rejects(again.read(1n, kept[0]?.[1] as Locator), code('MEDIA_ERASED'))
    await again.close()
  })

  about('a process that only reads learns of new needles, newer ones and tombstones', async (harness) => {
    const store = await harness.open()
    const first = await appendOne(store, 1n, 1, text('first'))
    const reader = await harness.reader()
    await assertReads(reader, 1n, first, text('first'))
    if (name.startsWith('memory')) return
    const second = await appendOne(store, 2n, 1, text('second'))
    await assertReads(reader, 2n, second, text('second'))
    const newer = await appendOne(store, 1n, 1, text('newer'))
    await assertReads(reader, 1n, newer, text('newer'))
    await assert.rejects(reader.read(3n, first), code('BLOB_NOT_FOUND'))
    await store.delete(2n, second.volume)
    await assert.rejects(reader.read(2n, second), code('MEDIA_ERASED'))
    await reader.delete(1n, first.volume)
    await assert.rejects(store.read(1n, newer), code('MEDIA_ERASED'))
    const elsewhere = await appendOne(store, 1n, 1, text('elsewhere'))
    assert.notEqual(elsewhere.volume, first.volume)
    await assertReads(reader, 1n, elsewhere, text('elsewhere'))
    await reader.close()
    await store.close()
  })

  about('a flipped bit anywhere never gives wrong bytes nor brings an erased key back', async (harness) => {
    const store = await harness.open()
    const kept: [bigint, Locator, Uint8Array][] = []
    for (const [key, length] of [
      [1n, 0],
      [2n, 5],
      [3n, 64],
    ] as const) {
      const data = new Uint8Array(randomBytes(length))
      kept.push([key, await appendOne(store, key, 1, data), data])
    }
    const gone = await appendOne(store, 4n, 1, text('gone'))
    await store.delete(4n, gone.volume)
    await store.close()
    let detected = 0
    for (const [file, bytes] of await harness.files()) {
      const used = bytes.findLastIndex((byte) => byte !== 0) + 8
      for (let at = 0; at < Math.min(used, bytes.byteLength); at += at < 4096 && bytes.byteLength >= 4096 ? 61 * flipEvery : flipEvery) {
        const flipped = bytes.slice()
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
        await harness.replace(file, flipped)
        const reader = await harness.reader()
        for (const [key, locator, data] of kept) {
          const read = await reader.read(key, locator).catch((error: unknown) => error)
          if (!(read instanceof Error))
            assert.deepEqual(Buffer.from((read as { data: Uint8Array }).data), Buffer.from(data), `${file} at ${at}`)
          else {
            assert.ok(
              read instanceof MediaError && ['BLOB_CORRUPT', 'BLOB_NOT_FOUND', 'VOLUME_UNKNOWN_FORMAT'].includes(read.code),
              `${file} at ${at}: ${read}`,
            )
            detected += 1
          }
        }
        const erased = await reader.read(4n, gone).catch((error: unknown) => error)
        assert.ok(erased instanceof MediaError, `${file} at ${at}: an erased key was served`)
        await reader.close()
      }
      await harness.replace(file, bytes)
    }
    assert.ok(detected > 200 / flipEvery, `only ${detected} reads failed`)
  })
}
