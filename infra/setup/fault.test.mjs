import assert from 'node:assert/strict'
import test from 'node:test'
import { isFull } from './disk.mjs'
import { causeIn, SetupFault, sentenceOf } from './fault.mjs'

test('fault: the usual misfortunes are recognised at the end of a log', () => {
  const cases = {
    'write /x/b001/_pkg_.a: no space left on device': 'the disk is full',
    'npm error code ENOSPC': 'the disk is full',
    'dial tcp: lookup proxy.example on 1.1.1.1:53: no such host': 'a package registry could not be reached',
    'npm error network request to https://registry.example failed, reason: getaddrinfo EAI_AGAIN':
      'a package registry could not be reached',
    'Temporary failure resolving deb.example': 'a package registry could not be reached',
    'compile: signal: killed': 'memory ran out',
    'cgo: C compiler "gcc" not found': 'a C compiler is missing',
  }
  for (const [log, cause] of Object.entries(cases)) assert.equal(causeIn(log), cause, log)
  assert.equal(causeIn('all went well'), undefined)
})

test('fault: whatever is thrown becomes one line', () => {
  assert.equal(sentenceOf(new SetupFault('no npm')), 'no npm')
  assert.equal(sentenceOf(Object.assign(new Error('x'), { code: 'ENOSPC', path: '/a' })), 'the disk is full (/a)')
  assert.equal(sentenceOf(new Error('first\n  at second')), 'first')
})

test('disk: it counts as full before the last byte is used, and not where it cannot be asked', () => {
  assert.equal(
    isFull('/', () => ({ bavail: 8191, bsize: 4096 })),
    true,
  )
  assert.equal(
    isFull('/', () => ({ bavail: 8192, bsize: 4096 })),
    false,
  )
  assert.equal(isFull('/nowhere/at/all'), false)
})
