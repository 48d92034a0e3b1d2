import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs'
import { mediaIdOf } from '../../domain/ids.ts'
import { toCloudEvent } from '../../events/cloud-event.ts'
import { createKafkaSink } from '../../events/kafka.ts'
import { createRelay } from '../../events/relay.ts'
import { eventDefinitions } from '../../events/types/index.ts'
import { refused, someMedia, startServer, withoutTools } from './catalog-server.ts'
import { silent, someEvent, startBroker, startConsumer, type TestBroker } from './events-broker.ts'

const samples = Object.values(eventDefinitions).map(({ type, sample }, index) =>
  toCloudEvent(
    { sequence: index, eventId: `sample.${type}`, type, mediaId: sample.id, tenant: sample.tenant, time: new Date(index), data: sample },
    'urn:test',
  ),
)
const ids = (count: number) => Array.from({ length: count }, (_, index) => mediaIdOf(BigInt(index + 1)))

suite('events on Kafka', { skip: withoutTools('java', 'kafkaLib') }, () => {
  let broker: TestBroker
  const sinkOf = (topic: string, address = broker.address) =>
    createKafkaSink({ brokers: [address], topic, clientId: 'test', logger: silent })

  before(async () => {
    broker = await startBroker()
  })
  after(() => broker?.stop())

  test('kafka: a backlog of more than a broker takes at once arrives whole and in its order', async () => {
    const sink = sinkOf('backlog')
    const filler = 'x'.repeat(8_000)
    const events = ids(200).map((id) => ({ ...someEvent(id), data: { ...someEvent(id).data, filler } }))
    await sink.publish(events)
    await sink.close()
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'backlog' })
    await consumer.until(() => consumer.events.length >= events.length)
    await consumer.stop()
    assert.deepEqual(
      consumer.events.map(({ subject }) => subject),
      events.map(({ subject }) => subject),
    )
  })

  test('kafka: every registered event arrives as it was sent, the first one while the broker has just begun', async () => {
    const sink = sinkOf('samples')
    await sink.publish(samples)
    await sink.publish([])
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'samples' })
    await consumer.until(() => consumer.events.length >= samples.length)
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1)
    assert.deepEqual(consumer.events.toSorted(byId), samples.toSorted(byId))
    await consumer.stop()
    await sink.close()
  })

  test('kafka: a message is in binary mode, keyed by the item', async () => {
    const [event] = samples
    assert.ok(event)
    const sink = sinkOf('raw')
    await sink.publish([event])
    await sink.close()
    const consumer = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).consumer({ groupId: 'raw' })
    await consumer.connect()
    await consumer.subscribe({ topic: 'raw', fromBeginning: true })
    const message = await new Promise<KafkaMessage>((resolve) => {
      void consumer.run({ eachMessage: async ({ message }) => resolve(message) })
    })
    await consumer.disconnect()
    assert.equal(message.key?.toString(), event.subject)
    assert.equal(message.headers?.ce_type?.toString(), event.type)
    assert.equal(message.headers?.['content-type']?.toString(), 'application/json')
    assert.deepEqual(JSON.parse(message.value?.toString() ?? ''), event.data)
  })

  test('kafka: sinks that make the same topic at once all succeed', async () => {
    const sinks = [1, 2, 3, 4].map(() => sinkOf('raced'))
    await Promise.all(sinks.map((sink, index) => sink.publish([someEvent(mediaIdOf(BigInt(index)))])))
    await Promise.all(sinks.map((sink) => sink.close()))
  })

  test('kafka: events of one item arrive in their order', async () => {
    const sink = sinkOf('ordered')
    for (let version = 1; version <= 40; version++) await sink.publish(ids(5).map((id) => someEvent(id, version)))
    await sink.close()
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'ordered' })
    await consumer.until(() => consumer.events.length >= 200)
    await consumer.stop()
    for (const subject of ids(5)) {
      const versions = consumer.events.filter((event) => event.subject === subject).map(({ id }) => Number(id.split('.')[1]))
      assert.deepEqual(
        versions,
        Array.from({ length: 40 }, (_, index) => index + 1),
      )
    }
  })

  test('kafka: what others write to the topic is passed over and told of', async () => {
    const kafka = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING })
    const sink = sinkOf('foreign')
    await sink.publish([someEvent(mediaIdOf(1n))])
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: 'foreign', messages: [{ key: mediaIdOf(1n), value: 'hello' }] })
    await producer.send({ topic: 'foreign', messages: [{ key: mediaIdOf(1n), value: null }] })
    await producer.disconnect()
    await sink.publish([someEvent(mediaIdOf(1n), 2)])
    await sink.close()
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'foreign' })
    await consumer.until(() => consumer.events.length === 2 && consumer.unreadable.length === 2)
    await consumer.stop()
  })

  test('kafka: an event whose consumer failed comes again', async () => {
    const sink = sinkOf('again')
    await sink.publish([someEvent(mediaIdOf(1n))])
    await sink.close()
    let tries = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const onEvent = () => {
      tries += 1
      if (tries === 1) throw new Error('not now')
      resolve()
    }
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'again', onEvent })
    await promise
    await consumer.stop()
  })

  test('kafka: settled items reach a consumer through outbox and relay, each at least once', {
    skip: withoutTools('postgresBin'),
  }, async (t) => {
    const started: (() => Promise<void>)[] = []
    t.after(async () => {
      for (const stop of started.toReversed()) await stop()
    })
    const server = await startServer()
    started.push(server.stop)
    const catalog = await server.catalog()
    const sink = sinkOf('relayed')
    started.push(sink.close)
    const relay = createRelay({
      outbox: catalog,
      sink,
      source: 'urn:test',
      onError: (error) => {
        throw error
      },
      intervalMs: 60_000,
      batchMax: 7,
      subscribe: (wake) => catalog.onSignal(({ kind }) => kind === 'outbox' && wake()),
    })
    relay.start()
    started.push(relay.stop)
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'relayed' })
    started.push(consumer.stop)
    const settled = await Promise.all(
      Array.from({ length: 60 }, async () => {
        const media = someMedia()
        await catalog.accept(media)
        await catalog.settle(media.id, refused(media.id))
        return media.id
      }),
    )
    await consumer.until(() => new Set(consumer.events.map(({ subject }) => subject)).size === settled.length)
    assert.equal(await relay.drain(), 0)
    assert.deepEqual(await catalog.pending(1), [])
  })

  test('events main: prints one JSON document per event and ends with status 0 on Ctrl-C', async () => {
    const sink = sinkOf('printed')
    await sink.publish(samples)
    await sink.close()
    const main = fileURLToPath(new URL('../../workers/events.main.ts', import.meta.url))
    const env = { PATH: process.env.PATH, KAFKA_BROKERS: broker.address, EVENTS_TOPIC: 'printed' }
    const child = spawn(process.execPath, [main, '--json'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const closed = once(child, 'close')
    const printed: unknown[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      printed.push(JSON.parse(line))
      if (printed.length === samples.length) child.kill('SIGINT')
    }
    const [status] = await closed
    assert.equal(status, 0)
    assert.equal(errors, `listening to printed at ${broker.address}; Ctrl-C ends\n`)
    const byId = (a: unknown, b: unknown) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1)
    assert.deepEqual(printed.toSorted(byId), samples.toSorted(byId))
  })

  test('kafka: a killed broker is one sentence, and after its return nothing acknowledged is missing', async () => {
    const sink = sinkOf('killed')
    const [first, second, third] = ids(3).map((id) => someEvent(id))
    assert.ok(first && second && third)
    await sink.publish([first])
    const consumer = await startConsumer({ brokers: [broker.address], topic: 'killed' })
    await broker.kill()
    await assert.rejects(sink.publish([second]), { code: 'STORAGE_UNAVAILABLE', message: /^Kafka at 127\.0\.0\.1:\d+ does not answer/ })
    await broker.restart()
    await sink.publish([second, third])
    await consumer.until(() => new Set(consumer.events.map(({ id }) => id)).size === 3)
    await consumer.stop()
    await sink.close()
  })
})

test('kafka: without a broker publishing and consuming fail with one sentence, and closing is clean', async () => {
  const options = { brokers: ['127.0.0.1:1'], topic: 'none', clientId: 'test', logger: silent }
  const sink = createKafkaSink(options)
  await assert.rejects(sink.publish([someEvent(mediaIdOf(1n))]), { code: 'STORAGE_UNAVAILABLE' })
  await sink.close()
  const consuming = startConsumer({ brokers: options.brokers, topic: 'none' })
  await assert.rejects(consuming, { code: 'STORAGE_UNAVAILABLE' })
})
