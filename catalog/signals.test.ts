import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mediaIdOf } from '../domain/ids.ts'
import { openSignals, parseSignal } from './signals.ts'

test('signals: payloads are read as what the triggers write', () => {
  const id = mediaIdOf(7n)
  assert.deepEqual(parseSignal(`media ${id}`), { kind: 'media', id })
  assert.deepEqual(parseSignal('outbox'), { kind: 'outbox' })
  assert.deepEqual(parseSignal('erasure'), { kind: 'erasure' })
})

test('signals: a payload of a newer release, or a broken one, is passed over', () => {
  for (const payload of ['', 'volume 3', 'media', 'media x', 'media IIIIIIIIIIIII']) assert.equal(parseSignal(payload), null)
})

test('signals: a server that is not there at the start is an error at once, and nothing goes on trying', async () => {
  const errors: unknown[] = []
  const config = { host: '127.0.0.1', port: 1, connectionTimeoutMillis: 1_000 }
  const opening = openSignals({ config, onError: (error) => errors.push(error), heartbeatMs: 1_000, retryMsMin: 1, retryMsMax: 1 })
  await assert.rejects(opening, { code: 'CATALOG_UNAVAILABLE' })
})
