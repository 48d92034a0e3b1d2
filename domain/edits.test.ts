import assert from 'node:assert/strict'
import { test } from 'node:test'
import { editRanges, parseEdits } from './edits.ts'
import { codeOf } from './errors.ts'

const parsed = (query: string, filter: string | null = null) => {
  const given = new Map(query.split('&').map((part) => part.split('=') as [string, string]))
  return parseEdits((name) => given.get(name) ?? null, filter)
}

test('edits: what is given is taken, what is not stays out', () => {
  assert.equal(parsed('preset=standard&brightness='), undefined)
  assert.deepEqual(parsed('strength=0&warmth=-100&fade=100', 'moon'), { strength: 0, warmth: -100, fade: 100 })
})

test('edits: what is out of range, no whole number, or a strength of nothing is EDIT_INVALID', () => {
  const ranges = Object.entries(editRanges).flatMap(([name, { min, max }]) => [`${name}=${min - 1}`, `${name}=${max + 1}`])
  for (const query of [...ranges, 'fade=1.5', 'fade=1e1', 'contrast=ten', 'contrast=0x1', 'contrast= 1'])
    assert.throws(
      () => parsed(query, 'moon'),
      (error) => codeOf(error) === 'EDIT_INVALID',
      query,
    )
  assert.throws(
    () => parsed('strength=50'),
    (error) => codeOf(error) === 'EDIT_INVALID',
  )
})
