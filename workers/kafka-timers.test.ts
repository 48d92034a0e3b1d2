import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { passOverKafkaTimers } from './kafka-timers.ts'

test('kafka timers: only the warning of negative timers is passed over', () => {
  const warner = new EventEmitter()
  const printed: string[] = []
  warner.on('warning', ({ name }: Error) => printed.push(name))
  passOverKafkaTimers(warner)
  for (const name of ['TimeoutNegativeWarning', 'DeprecationWarning']) warner.emit('warning', Object.assign(new Error(), { name }))
  assert.deepEqual(printed, ['DeprecationWarning'])
})
