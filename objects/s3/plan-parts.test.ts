import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ObjectPiece } from '../../domain/ports.ts'
import { PART_BYTES_MIN } from './options.ts'
import { planParts } from './plan-parts.ts'

const MIB = 1024 ** 2
const sizeOf = ({ start, end }: ObjectPiece) => end - start + 1
const piecesOf = (part: ReturnType<typeof planParts>[number]) => ('copy' in part ? [part.copy] : part.gather)

test('plan parts: whatever the pieces, every byte is there once, in order, and no part but the last is too small', () => {
  const size = fc.oneof(
    fc.integer({ min: 1, max: 70_000 }),
    fc.integer({ min: 1, max: 12 * MIB }),
    fc.integer({ min: 1, max: 3 * 1024 * MIB }),
  )
  const piece = fc.record({ start: fc.nat(10 * MIB), bytes: size })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (given) => {
      const pieces = given.map(({ start, bytes }, index) => ({ key: `k${index}`, start, end: start + bytes - 1 }))
      const parts = planParts(pieces, 16 * MIB)
      const joined: ObjectPiece[] = []
      for (const each of parts.flatMap(piecesOf)) {
        const last = joined.at(-1)
        if (last?.key === each.key && last.end + 1 === each.start) joined[joined.length - 1] = { ...last, end: each.end }
        else joined.push(each)
      }
      assert.deepEqual(joined, pieces)
      for (const [index, part] of parts.entries()) {
        const bytes = piecesOf(part).reduce((sum, each) => sum + sizeOf(each), 0)
        if ('gather' in part) assert.equal(part.bytes, bytes)
        if (index < parts.length - 1) assert.ok(bytes >= PART_BYTES_MIN, `part ${index} has ${bytes} bytes`)
        if ('gather' in part) assert.ok(bytes <= 16 * MIB + PART_BYTES_MIN)
      }
    }),
  )
})

test('plan parts: what is large enough is copied and not read', () => {
  const parts = planParts(
    [0, 1, 2].map((index) => ({ key: `${index}`, start: 0, end: 8 * MIB - 1 })),
    16 * MIB,
  )
  assert.ok(parts.every((part) => 'copy' in part))
})
