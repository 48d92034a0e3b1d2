import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import { createJsonLogger, factsOfError } from './logger.ts'

test('log: an error of ours says what it was about, each fact by its name', () => {
  const lines: string[] = []
  const error = new MediaError('EDGE_UNAVAILABLE', undefined, { facts: { edge: '10.0.0.7:80', status: 503 }, cause: new Error('refused') })
  createJsonLogger(
    (line) => lines.push(line),
    () => new Date(0),
  ).warn('purge', { tag: 'm-1', ...factsOfError(error) })
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    time: '1970-01-01T00:00:00.000Z',
    level: 'warn',
    event: 'purge',
    tag: 'm-1',
    edge: '10.0.0.7:80',
    status: 503,
    message: 'An edge does not answer the purge.',
    code: 'EDGE_UNAVAILABLE',
    cause: 'refused',
  })
})

test('log: no fact says a secret, and none takes the place of the code', () => {
  const error = new MediaError('STORAGE_UNAVAILABLE', 'away', {
    facts: {
      url: 'https://user:hunter2@store.test/bucket/key?X-Amz-Signature=abc#x',
      secretAccessKey: 'hunter2',
      sessionToken: 'hunter2',
      authorization: 'Bearer hunter2',
      code: 'OTHER',
      bytes: 7,
    },
  })
  const facts = factsOfError(error)
  assert.deepEqual(facts, {
    url: 'https://store.test/bucket/key',
    bytes: 7,
    code: 'STORAGE_UNAVAILABLE',
    message: 'away',
    cause: undefined,
    stack: undefined,
  })
})
