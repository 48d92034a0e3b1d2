import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agoText, bytesText, durationText, nameText, rateText } from './format.ts'

test('console: bytes are shown short, by powers of 1024', () => {
  const shown = (bytes: number) => bytesText(bytes).replace('\u00a0', ' ')
  assert.deepEqual([0, 999, 1023, 1024, 1536, 102_298, 64 * 2 ** 20, 2 * 2 ** 30].map(shown), [
    '0 B',
    '999 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '99.9 KiB',
    '64 MiB',
    '2 GiB',
  ])
  assert.equal(shown(1_048_000), '1023 KiB')
})

test('console: durations have hours only where there are any', () => {
  assert.deepEqual([0, 4_000, 59_600, 754_000, 3_600_000].map(durationText), ['0:00', '0:04', '1:00', '12:34', '1:00:00'])
})

test('console: what lasts less than a second is not shown as nothing', () => {
  assert.deepEqual([20, 300, 949, 950].map(durationText), ['0.1\u00a0s', '0.3\u00a0s', '0.9\u00a0s', '0:01'])
})

test('console: how long ago is told roughly, and never in the future', () => {
  const now = new Date('2026-06-01T12:00:00Z')
  const ago = (seconds: number) => agoText(new Date(now.getTime() - seconds * 1000), now)
  assert.deepEqual([-5, 0, 60, 600, 7_200].map(ago), ['just now', 'just now', '1 min ago', '10 min ago', '2 h ago'])
})

test('format: an item without a name is called by what it is and when it came', () => {
  const now = new Date(2026, 4, 3, 18, 0)
  assert.match(nameText('image', new Date(2026, 4, 3, 9, 5, 7), now), /^Photo, 0?9.05/)
  assert.match(nameText('video', new Date(2026, 4, 2, 9, 5), now), /^Video, .*2.*9.05/)
  assert.doesNotMatch(nameText('video', new Date(2026, 4, 2, 9, 5), now), /2026/)
  assert.match(nameText('image', new Date(2025, 11, 31, 9, 5), now), /2025/)
})

test('format: rates are in the unit that people say', () => {
  assert.equal(rateText(2_449_000), '2.4\u00a0Mbit/s')
  assert.equal(rateText(640_400), '640\u00a0kbit/s')
  assert.equal(rateText(999_600), '1.0\u00a0Mbit/s')
})
