import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EventMessage } from './cloud-event.ts'
import { batchesOf } from './kafka.ts'

function message(key: string, bytes: number): EventMessage {
  return { key, headers: { ce_type: 'media.ready' }, value: 'ü'.repeat(bytes / 2) }
}

const keysOf = (batches: readonly (readonly EventMessage[])[]) => batches.map((batch) => batch.map(({ key }) => key).join(''))

test('kafka: messages go in their order, in batches that a broker takes, and one that is too long for any goes alone', () => {
  const batch = (...bytes: number[]) =>
    keysOf(
      batchesOf(
        bytes.map((one, at) => message('abcdef'.charAt(at), one)),
        1_000,
      ),
    )
  assert.deepEqual(batch(), [])
  assert.deepEqual(batch(200, 200, 200), ['abc'])
  assert.deepEqual(batch(600, 600, 200, 600), ['a', 'bc', 'd'])
  assert.deepEqual(batch(200, 5_000, 200, 200), ['a', 'b', 'cd'])
  assert.deepEqual(batch(900, 1_000), ['a', 'b'], 'headers and frames count too')
  assert.deepEqual(batch(900, 20), ['a', 'b'], 'of each message')
})
