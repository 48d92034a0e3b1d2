import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { select } from './select.ts'

const etag = '"0a0b0c0d-a"'

test('select: ranges are answered as RFC 9110 says', () => {
  const rows: [range: string, expected: object][] = [
    ['bytes=0-0', { status: 206, start: 0, end: 0 }],
    ['bytes=2-5', { status: 206, start: 2, end: 5 }],
    ['bytes=9-', { status: 206, start: 9, end: 9 }],
    ['bytes=5-999', { status: 206, start: 5, end: 9 }],
    ['bytes=-1', { status: 206, start: 9, end: 9 }],
    ['bytes=-10', { status: 206, start: 0, end: 9 }],
    ['bytes=-11', { status: 206, start: 0, end: 9 }],
    ['bytes=-99999999999999999999', { status: 206, start: 0, end: 9 }],
    ['bytes=-0', { status: 416 }],
    ['bytes=10-', { status: 416 }],
    ['bytes=10-20', { status: 416 }],
    ['bytes=5-2', { status: 200 }],
    ['bytes=0-1,4-5', { status: 200 }],
    ['bytes=0-1, 99-', { status: 200 }],
    ['bytes=', { status: 200 }],
    ['bytes=-', { status: 200 }],
    ['bytes=a-b', { status: 200 }],
    ['items=0-1', { status: 200 }],
    ['0-1', { status: 200 }],
  ]
  for (const [range, expected] of rows) assert.deepEqual(select('GET', { range }, 10, etag), expected, range)
})

test('select: whatever the range says, the part lies inside the file', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,20}-\d{0,20}$/)), fc.nat({ max: 50 }), (range, bytes) => {
      const chosen = select('GET', { range }, bytes, etag)
      if (chosen.status === 206) assert.ok(chosen.start >= 0 && chosen.start <= chosen.end && chosen.end < bytes)
    }),
  )
})

test('select: a range means nothing to HEAD, and nothing when If-Range names another file', () => {
  assert.deepEqual(select('HEAD', { range: 'bytes=0-0' }, 10, etag), { status: 200 })
  assert.deepEqual(select('GET', { range: 'bytes=0-0', 'if-range': etag }, 10, etag), { status: 206, start: 0, end: 0 })
  for (const other of ['"other"', `W/${etag}`, 'Sat, 21 Nov 2026 00:00:00 GMT']) {
    assert.deepEqual(select('GET', { range: 'bytes=0-0', 'if-range': other }, 10, etag), { status: 200 })
  }
})

test('select: If-None-Match comes before the range, and matches lists, weak forms and the star', () => {
  for (const match of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
    assert.deepEqual(select('GET', { 'if-none-match': match, range: 'bytes=99-' }, 10, etag), { status: 304 }, match)
    assert.deepEqual(select('HEAD', { 'if-none-match': match }, 10, etag), { status: 304 })
  }
  assert.deepEqual(select('GET', { 'if-none-match': '"other"', range: 'bytes=1-1' }, 10, etag), { status: 206, start: 1, end: 1 })
  assert.deepEqual(select('GET', { 'if-modified-since': 'Sat, 21 Nov 2099 00:00:00 GMT' }, 10, etag), { status: 200 })
})
