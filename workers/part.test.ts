import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Parts } from './part.ts'

test('parts: the last started is stopped first, and what failed to stop does not keep the rest running', async () => {
  const parts = new Parts()
  const stopped: string[] = []
  for (const name of ['a', 'b', 'c']) {
    parts.add({
      name,
      stop: async () => {
        stopped.push(name)
        if (name === 'b') throw new Error('stuck')
      },
    })
  }
  await assert.rejects(parts.stop(), AggregateError)
  assert.deepEqual(stopped, ['c', 'b', 'a'])
  await parts.stop()
})

test('parts: neighbours of one group are stopped at once, what they stand on after all of them', async () => {
  const parts = new Parts()
  const events: string[] = []
  const both = Promise.withResolvers<void>()
  parts.add({ name: 'engine', stop: async () => void events.push('engine') })
  for (const name of ['one', 'two']) {
    parts.add({
      name,
      group: 'workers',
      stop: async () => {
        events.push(`${name} begins`)
        if (events.length === 2) both.resolve()
        await both.promise
        events.push(`${name} ends`)
      },
    })
  }
  await parts.stop()
  assert.deepEqual(events, ['two begins', 'one begins', 'two ends', 'one ends', 'engine'])
})
