import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { eventIdOf, type EventData, type EventType, type OutboxEvent } from '../domain/events.ts'
import { mediaIdOf } from '../domain/ids.ts'
import { decodeMessage, encodeMessage, toCloudEvent, UnreadableEvent } from './cloud-event.ts'
import { eventDefinitions } from './types/index.ts'

const source = 'https://media.example'
const definitions = Object.values(eventDefinitions)

function outboxEvent(type: EventType, data: EventData, overrides: Partial<OutboxEvent> = {}): OutboxEvent {
  const mediaId = data.id
  const time = new Date('2026-01-02T03:04:05.678Z')
  return { sequence: 1, eventId: eventIdOf(mediaId, 1, type), type, mediaId, tenant: data.tenant, time, data, ...overrides }
}

for (const { type, sample } of definitions) {
  test(`cloud event: the sample of ${type} goes through Kafka's binary mode and back`, () => {
    const event = toCloudEvent(outboxEvent(type, sample), source)
    const message = encodeMessage(event)
    assert.equal(message.key, sample.id)
    assert.deepEqual(JSON.parse(message.value), sample)
    assert.deepEqual(decodeMessage(message), event)
  })
}

test('cloud event: headers are those of the Kafka binding, and hold every attribute', () => {
  const { sample } = eventDefinitions['media.erased']
  const { headers } = encodeMessage(toCloudEvent(outboxEvent('media.erased', sample), source))
  assert.deepEqual(headers, {
    ce_specversion: '1.0',
    ce_id: '0b3k9tq2m8x4r.1.media.erased',
    ce_source: source,
    ce_type: 'media.erased',
    ce_subject: '0b3k9tq2m8x4r',
    ce_time: '2026-01-02T03:04:05.678Z',
    ce_dataschema: 'urn:darkroom:event:media.erased:v1',
    ce_tenant: 'acme',
    'content-type': 'application/json',
  })
})

test('cloud event: any id, tenant, time and title survives the way through bytes', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  const time = fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), text, time, text, (key, tenant, at, title) => {
      const id = mediaIdOf(key)
      const data = { id, tenant, kind: 'image', error: { code: 'MEDIA_CORRUPT', title } } as const
      const event = toCloudEvent(outboxEvent('media.rejected', data, { tenant, time: at }), source)
      const { headers, value } = encodeMessage(event)
      const bytes = (part: string) => Buffer.from(part, 'utf8').toString('utf8')
      const arrived = Object.fromEntries(Object.entries(headers).map(([name, part]) => [name, bytes(part)]))
      assert.deepEqual(decodeMessage({ headers: arrived, value: bytes(value) }), event)
    }),
  )
})

test('cloud event: the same change gives the same id, another version another one', () => {
  const { sample } = eventDefinitions['media.ready']
  const first = toCloudEvent(outboxEvent('media.ready', sample), source)
  assert.equal(toCloudEvent(outboxEvent('media.ready', sample, { sequence: 99 }), source).id, first.id)
  assert.notEqual(eventIdOf(sample.id, 2, 'media.ready'), first.id)
})

test('cloud event: a message that lacks an attribute, or is of another kind, is unreadable and says why', () => {
  const { headers, value } = encodeMessage(toCloudEvent(outboxEvent('media.ready', eventDefinitions['media.ready'].sample), source))
  for (const name of Object.keys(headers)) {
    const without = Object.fromEntries(Object.entries(headers).filter(([other]) => other !== name))
    assert.throws(() => decodeMessage({ headers: without, value }), UnreadableEvent)
  }
  const wrong: [Record<string, string>, string, RegExp][] = [
    [{ ce_specversion: '2.0' }, value, /2\.0/],
    [{ ce_type: 'media.toString' }, value, /unknown type/],
    [{ ce_type: 'constructor' }, value, /unknown type/],
    [{ ce_subject: 'IIIIIIIIIIIII' }, value, /no media id/],
    [{ 'content-type': 'application/avro' }, value, /avro/],
    [{}, '{', /no JSON/],
    [{}, '[]', /no JSON object/],
    [{}, '', /no JSON/],
  ]
  for (const [changed, body, message] of wrong) {
    assert.throws(() => decodeMessage({ headers: { ...headers, ...changed }, value: body }), message)
  }
})

test('cloud event: attributes of a newer release are passed over', () => {
  const event = toCloudEvent(outboxEvent('media.ready', eventDefinitions['media.ready'].sample), source)
  const { headers, value } = encodeMessage(event)
  assert.deepEqual(decodeMessage({ headers: { ...headers, ce_traceparent: '00-1-2-01' }, value }), event)
})
