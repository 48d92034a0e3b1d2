import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOfStripes, readStripeIndex, stripeIndex, stripeParts } from './striped.ts'

const sizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 })
const laid = (bytes: readonly number[]) =>
  bytes.map((count, at) => ({ locator: { volume: 7, alt: 0x113_0000 + at, cookie: '00112233445566ff' }, bytes: count }))

test('striped: any range of a file is found in its stripes, in order and whole', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (bytes, one, other) => {
      const stripes = laid(bytes)
      const total = bytesOfStripes(stripes)
      const [start, end] = [Math.min(one % total, other % total), Math.max(one % total, other % total)]
      const positions = stripes.flatMap(({ locator, bytes: count }) => Array.from({ length: count }, (_, at) => `${locator.alt}:${at}`))
      const found = stripeParts(stripes, start, end).flatMap((part) =>
        Array.from({ length: part.end - part.start + 1 }, (_, at) => `${part.locator.alt}:${part.start + at}`),
      )
      assert.deepEqual(found, positions.slice(start, end + 1))
    }),
  )
})

test('striped: an index is read as it was written', () => {
  fc.assert(fc.property(sizes, (bytes) => assert.deepEqual(readStripeIndex(stripeIndex(laid(bytes))), laid(bytes))))
})
