import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { eventIdOf, type CloudEvent, type OutboxEvent } from '../domain/events.ts'
import { mediaIdOf } from '../domain/ids.ts'
import { createMemorySink } from './memory.ts'
import { createRelay, type RelayOptions } from './relay.ts'

function outboxOf(count: number) {
  const rows: OutboxEvent[] = []
  const relayed = new Set<number>()
  const add = () => {
    const sequence = rows.length + 1
    const mediaId = mediaIdOf(BigInt(sequence))
    const data = { id: mediaId, tenant: 'acme', verifiedAt: '2026-01-02T03:04:05.678Z' }
    rows.push({
      sequence,
      eventId: eventIdOf(mediaId, 1, 'media.erased'),
      type: 'media.erased',
      mediaId,
      tenant: 'acme',
      time: new Date(0),
      data,
    })
  }
  for (let n = 0; n < count; n++) add()
  return {
    add,
    relayed,
    pending: async (limit: number) => rows.filter(({ sequence }) => !relayed.has(sequence)).slice(0, limit),
    markRelayed: async (sequences: readonly number[]) => sequences.forEach((sequence) => relayed.add(sequence)),
  }
}

/** Resolves as soon as `condition` holds; asked after every turn of the event loop. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

function relayOf(t: TestContext, options: Pick<RelayOptions, 'outbox' | 'sink'> & Partial<RelayOptions>) {
  const wakers = new Set<() => void>()
  const errors: unknown[] = []
  const relay = createRelay({
    source: 'https://media.example',
    onError: (error) => errors.push(error),
    intervalMs: 1_000,
    backoffMsMax: 4_000,
    batchMax: 2,
    subscribe: (wake) => {
      wakers.add(wake)
      return () => wakers.delete(wake)
    },
    ...options,
  })
  t.after(() => relay.stop())
  return { relay, errors, wakers, wake: () => wakers.forEach((wake) => wake()) }
}

const subjects = (events: readonly CloudEvent[]) => events.map(({ subject }) => subject)
const ids = (...numbers: number[]) => numbers.map((number) => mediaIdOf(BigInt(number)))

test('relay: drain publishes everything in order and ticks it off', async (t) => {
  const [outbox, sink] = [outboxOf(5), createMemorySink()]
  const { relay } = relayOf(t, { outbox, sink })
  assert.equal(await relay.drain(), 5)
  assert.deepEqual(subjects(sink.events), ids(1, 2, 3, 4, 5))
  assert.equal(outbox.relayed.size, 5)
  assert.equal(await relay.drain(), 0)
})

test('relay: an event that the sink does not take stays in the outbox and keeps its place', async (t) => {
  const [outbox, memory] = [outboxOf(3), createMemorySink()]
  let away = true
  const sink = {
    async publish(events: readonly CloudEvent[]) {
      if (away) throw new Error('away')
      await memory.publish(events)
    },
  }
  const { relay } = relayOf(t, { outbox, sink })
  await assert.rejects(relay.drain(), /away/)
  assert.equal(outbox.relayed.size, 0)
  away = false
  await relay.drain()
  assert.deepEqual(subjects(memory.events), ids(1, 2, 3))
})

test('relay: what was published and not ticked off is published again under the same id', async (t) => {
  const [outbox, sink] = [outboxOf(1), createMemorySink()]
  let lost = true
  const markRelayed = async (sequences: readonly number[]) => {
    if (lost) throw new Error('lost')
    await outbox.markRelayed(sequences)
  }
  const { relay } = relayOf(t, { outbox: { ...outbox, markRelayed }, sink })
  await assert.rejects(relay.drain(), /lost/)
  lost = false
  await relay.drain()
  assert.equal(sink.events.length, 2)
  assert.equal(sink.events[0]?.id, sink.events[1]?.id)
})

test('relay: a signal wakes it, also one that comes while it is at work', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const [outbox, memory] = [outboxOf(1), createMemorySink()]
  let added = false
  const sink = {
    async publish(events: readonly CloudEvent[]) {
      await memory.publish(events)
      if (added) return
      added = true
      outbox.add()
      wake()
    },
  }
  const { relay, wake } = relayOf(t, { outbox, sink })
  relay.start()
  wake()
  await until(() => memory.events.length === 2)
  outbox.add()
  wake()
  await until(() => outbox.relayed.size === 3)
})

test('relay: without any signal it looks again after the interval', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let looks = 0
  const outbox = outboxOf(0)
  const counted = { ...outbox, pending: (limit: number) => ((looks += 1), outbox.pending(limit)) }
  const sink = createMemorySink()
  const { relay } = relayOf(t, { outbox: counted, sink })
  relay.start()
  t.mock.timers.tick(0)
  await until(() => looks === 1)
  await new Promise((resolve) => setImmediate(resolve))
  outbox.add()
  t.mock.timers.tick(999)
  assert.equal(looks, 1)
  t.mock.timers.tick(1)
  await until(() => outbox.relayed.size === 1)
})

test('relay: failures are told and waited out longer each time, whatever signals say', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let tries = 0
  const sink = {
    async publish() {
      tries += 1
      throw new Error('away')
    },
  }
  const { relay, errors, wake } = relayOf(t, { outbox: outboxOf(1), sink })
  relay.start()
  t.mock.timers.tick(0)
  for (const [index, waitMs] of [1_000, 2_000, 4_000, 4_000].entries()) {
    await until(() => errors.length === index + 1)
    wake()
    t.mock.timers.tick(waitMs - 1)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(tries, index + 1)
    t.mock.timers.tick(1)
    await until(() => tries === index + 2)
  }
})

test('relay: stop waits for the batch under way and begins no other', async (t) => {
  const outbox = outboxOf(6)
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  const sink = {
    async publish() {
      begin()
      await mayEnd
    },
  }
  const { relay, wakers, wake } = relayOf(t, { outbox, sink })
  relay.start()
  wake()
  await begun
  const stopped = relay.stop()
  end()
  await stopped
  assert.equal(outbox.relayed.size, 2)
  assert.equal(wakers.size, 0)
})
