import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failureOf } from './failures.ts'
import { tellingLine } from './logs.ts'

const ended = { code: 1, signal: null }

test('failures: the line that names a failure is told, not what was printed after it', () => {
  const text = 'starting\nFATAL:  could not map memory: not enough\nshutting down\n\n'
  assert.equal(tellingLine(text), 'FATAL:  could not map memory: not enough')
  assert.equal(
    failureOf('PostgreSQL', 'before it was ready', ended, text, '/log').message,
    'PostgreSQL ended before it was ready, with status 1: FATAL:  could not map memory: not enough (log: /log).',
  )
})

test('failures: a stack trace is told by its head', () => {
  const text = 'Exception in thread "main" java.lang.OutOfMemoryError: heap\n\tat a.b.C.d(C.java:1)\n\t... 3 more\n'
  assert.equal(tellingLine(text), 'Exception in thread "main" java.lang.OutOfMemoryError: heap')
})

test('failures: a silent end, and one by a signal, have a sentence as well', () => {
  const { message } = failureOf('Kafka', 'unexpectedly', { code: null, signal: 'SIGKILL' }, '', '/log')
  assert.equal(message, 'Kafka ended unexpectedly, by SIGKILL: it said nothing (log: /log).')
})

test('failures: a full disk and a taken port have codes of their own', () => {
  const codeOf = (text: string) => failureOf('MinIO', 'before it was ready', ended, text, '/log').code
  assert.equal(codeOf('write /data/x: no space left on device'), 'STORAGE_FULL')
  assert.equal(codeOf('java.net.BindException: Address already in use'), 'PORT_IN_USE')
  assert.equal(codeOf('permission denied'), 'ENGINE_FAILED')
})

test('failures: a sentence stays one line, however long the log', () => {
  const { message } = failureOf('MinIO', 'before it was ready', ended, `error ${'x'.repeat(10_000)}\nnext`, '/log')
  assert.ok(message.length < 500 && !message.includes('\n'), message)
})
