import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, MediaError } from '../domain/errors.ts'
import { failureOf } from './failures.ts'

const withCode = (code: string, message = 'said by the server') => Object.assign(new Error(message), { code })

for (const code of [
  '08006',
  '08001',
  '57P01',
  '57P03',
  '57014',
  '53300',
  '28P01',
  '3D000',
  '40P01',
  '25006',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
]) {
  test(`failures: ${code} is a database that is not there for us`, () => {
    const failure = failureOf(withCode(code))
    assert.equal(codeOf(failure), 'CATALOG_UNAVAILABLE')
    assert.equal((failure as MediaError).cause instanceof Error, true)
  })
}

for (const message of [
  'Connection terminated unexpectedly',
  'timeout exceeded when trying to connect',
  'Query read timeout',
  'Client has encountered a connection error and is not queryable',
]) {
  test(`failures: "${message}" is a database that is not there for us`, () => {
    assert.equal(codeOf(failureOf(new Error(message))), 'CATALOG_UNAVAILABLE')
  })
}

test('failures: several addresses tried in vain are one unavailable database', () => {
  assert.equal(codeOf(failureOf(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]))), 'CATALOG_UNAVAILABLE')
})

test('failures: a full disk is said to be one', () => {
  assert.equal(codeOf(failureOf(withCode('53100', 'could not extend file'))), 'STORAGE_FULL')
})

test('failures: wrong statements, broken constraints and our own errors stay what they are', () => {
  for (const error of [
    withCode('42601'),
    withCode('23505'),
    withCode('23514'),
    new Error('a bug'),
    'text',
    new MediaError('MEDIA_ERASED'),
  ]) {
    assert.equal(failureOf(error), error)
  }
})
