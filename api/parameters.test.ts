import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import { editsBetween, refuseUnknownParameters } from './parameters.ts'

test('parameters: letters put in, left out, replaced and swapped are one edit each', () => {
  for (const [one, other, edits] of [
    ['fade', 'fade', 0],
    ['brightnes', 'brightness', 1],
    ['cropp', 'crop', 1],
    ['fadf', 'fade', 1],
    ['flitre', 'filter', 2],
    ['', 'end', 3],
    ['end', '', 3],
  ] as const)
    assert.equal(editsBetween(one, other), edits, `${one} to ${other}`)
})

test('parameters: what is known passes, what is not is named with the nearest that is', () => {
  const known = ['brightness', 'crop', 'filter']
  const detailOf = (query: string, names: readonly string[] = known) => {
    try {
      refuseUnknownParameters(new URLSearchParams(query), names)
    } catch (error) {
      assert.ok(error instanceof MediaError)
      return `${error.code}: ${error.message}`
    }
    return null
  }
  assert.equal(detailOf(''), null)
  assert.equal(detailOf('crop=&filter=a'), null)
  assert.equal(detailOf('brightnes=1'), 'PARAMETER_UNKNOWN: There is no parameter "brightnes"; the nearest is brightness.')
  assert.equal(detailOf('FILTER=a'), 'PARAMETER_UNKNOWN: There is no parameter "FILTER"; the nearest is filter.')
  assert.equal(detailOf('version=2', []), 'PARAMETER_UNKNOWN: There is no parameter "version"; this address takes none.')
  assert.equal(detailOf('crop=1&crop=2'), 'REQUEST_INVALID: crop is given more than once.')
  // What is said back is short, whatever was sent.
  assert.ok((detailOf(`${'x'.repeat(10_000)}=1`) ?? '').length < 200)
})
