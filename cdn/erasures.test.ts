import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MediaId, mediaIdOf } from '../domain/ids.ts'
import { MediaError } from '../domain/errors.ts'
import type { CatalogSignal } from '../domain/ports.ts'
import { createErasureFollower, type ErasureFollowerOptions } from './erasures.ts'

const HOUR_MS = 3_600_000

class Feed {
  rows: { position: number; id: MediaId }[] = []
  asked: number[] = []
  down = false
  gate: Promise<void> | null = null

  add(position: number): MediaId {
    const id = mediaIdOf(BigInt(position) * 1_000n)
    this.rows.push({ position, id })
    return id
  }

  async after(position: number, limit: number) {
    this.asked.push(position)
    if (this.down) throw new MediaError('CATALOG_UNAVAILABLE')
    const rows = this.rows.filter((row) => row.position > position).toSorted((left, right) => left.position - right.position)
    await this.gate
    return rows.slice(0, limit)
  }
}

/** No poll of its own within a test: everything is asked for. */
function follow(feed: Feed, options: Partial<ErasureFollowerOptions> = {}) {
  return createErasureFollower({ feed, pollMs: HOUR_MS, ...options })
}

test('erasures: the whole feed is loaded in pages at the start', async () => {
  const feed = new Feed()
  const ids = Array.from({ length: 25 }, (_, index) => feed.add(index + 1))
  const follower = follow(feed, { pageRows: 10 })
  assert.equal(follower.loaded(), false)
  assert.equal(follower.ready(), false)
  await follower.refresh()
  assert.ok(follower.loaded() && follower.ready())
  assert.equal(follower.size, 25)
  for (const id of ids) assert.ok(follower.has(id))
  assert.ok(!follower.has(mediaIdOf(7n)))
  assert.deepEqual(feed.asked.slice(0, 3), [0, 10, 20])
  await follower.close()
})

test('erasures: a signal brings what is new, each id told once', async () => {
  const feed = new Feed()
  feed.add(1)
  let signal: (signal: CatalogSignal) => void = () => {}
  let unsubscribed = false
  const follower = follow(feed, {
    onSignal: (listener) => {
      signal = listener
      return () => {
        unsubscribed = true
      }
    },
  })
  await follower.refresh()
  const told: MediaId[] = []
  const erased = new Promise<void>((done) => {
    follower.onErased((id) => {
      told.push(id)
      done()
    })
  })
  const id = feed.add(2)
  signal({ kind: 'outbox' })
  signal({ kind: 'erasure' })
  await erased
  await follower.refresh()
  assert.ok(follower.has(id))
  assert.deepEqual(told, [id])
  await follower.close()
  assert.ok(unsubscribed)
})

test('erasures: a refresh asked for during a look sees what came after that look had read', async () => {
  const feed = new Feed()
  const follower = follow(feed)
  await follower.refresh()
  const gate = Promise.withResolvers<void>()
  feed.gate = gate.promise
  const first = follower.refresh()
  const id = feed.add(1)
  const second = [follower.refresh(), follower.refresh()]
  feed.gate = null
  gate.resolve()
  await first
  assert.ok(!follower.has(id))
  await Promise.all(second)
  assert.ok(follower.has(id))
  await follower.close()
})

test('erasures: a lower position that commits after a higher one was read is found', async () => {
  const feed = new Feed()
  let nowMs = 0
  for (let position = 1; position <= 20; position += 1) if (position !== 15) feed.add(position)
  const follower = follow(feed, { nowMs: () => nowMs, overlapMs: 60_000, overlapRows: 10 })
  await follower.refresh()
  const afterStart = feed.add(15)
  await follower.refresh()
  assert.ok(follower.has(afterStart))

  nowMs += 70_000
  feed.add(2_000)
  await follower.refresh()
  nowMs += 30_000
  const late = feed.add(21)
  await follower.refresh()
  assert.ok(follower.has(late))
  await follower.close()
})

test('erasures: the feed is not read from its beginning again', async () => {
  const feed = new Feed()
  let nowMs = 0
  for (let position = 1; position <= 5_000; position += 1) feed.add(position)
  const follower = follow(feed, { nowMs: () => nowMs })
  await follower.refresh()
  feed.asked = []
  for (let minute = 0; minute < 10; minute += 1) {
    nowMs += 30_000
    await follower.refresh()
  }
  assert.ok(
    feed.asked.every((position) => position >= 4_000),
    String(feed.asked),
  )
  assert.equal(feed.asked.at(-1), 5_000)
  await follower.close()
})

test('erasures: without the catalog, what is known stays refused and readiness ends with staleness', async () => {
  const feed = new Feed()
  let nowMs = 1_000
  const warned: string[] = []
  const logger = { info() {}, error() {}, warn: (event: string) => void warned.push(event) }
  const id = feed.add(1)
  let signal: (signal: CatalogSignal) => void = () => {}
  const follower = follow(feed, {
    logger,
    nowMs: () => nowMs,
    staleMsMax: 15_000,
    onSignal: (listener) => {
      signal = listener
      return () => {}
    },
  })
  await follower.refresh()
  feed.down = true
  await assert.rejects(follower.refresh(), /database/)
  signal({ kind: 'erasure' })
  nowMs += 15_000
  assert.ok(follower.ready())
  nowMs += 1
  assert.ok(!follower.ready())
  assert.ok(follower.loaded() && follower.has(id))
  feed.down = false
  await follower.refresh()
  assert.ok(follower.ready())
  assert.deepEqual(warned, ['erasures.unreadable'])
  await follower.close()
})

test('erasures: a first load that fails leaves the follower unloaded until one succeeds', async () => {
  const feed = new Feed()
  feed.down = true
  const follower = follow(feed)
  await assert.rejects(follower.refresh())
  assert.equal(follower.loaded(), false)
  feed.down = false
  await follower.refresh()
  assert.ok(follower.loaded())
  await follower.close()
})
