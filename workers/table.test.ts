import assert from 'node:assert/strict'
import { test } from 'node:test'
import { size, table } from './table.ts'

test('table: columns are aligned, numbers to the right', () => {
  assert.equal(
    table(
      ['name', 'bytes'],
      [
        ['w150.jpg', 9],
        ['w1.jpg', 12_345],
      ],
    ),
    'name      bytes\nw150.jpg      9\nw1.jpg    12345',
  )
})

test('table: sizes read as a person would say them', () => {
  assert.deepEqual([0, 999, 1000, 12_345, 4_500_000].map(size), ['0 B', '999 B', '1.0 kB', '12.3 kB', '4.5 MB'])
})
