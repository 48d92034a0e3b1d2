import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type MediaId, mediaIdOf } from '../domain/ids.ts'
import { createPopularity } from './popularity.ts'

test('popularity: what is read often within a window is told of once, the most read first, and so many at most', (context) => {
  const told: (readonly MediaId[])[] = []
  const limits = { enhanceReadsMin: 3, enhanceWindowMs: 60_000, enhanceItemsMax: 2, enhanceCountedMax: 4 }
  const popularity = createPopularity({ limits, onPopular: (ids) => told.push(ids) })
  context.after(() => popularity.close())
  const ids = Array.from({ length: 5 }, (_, index) => mediaIdOf(BigInt(index + 1) << 23n))
  const [rare, often, most, least, uncounted] = ids as [MediaId, MediaId, MediaId, MediaId, MediaId]
  const read = (id: MediaId, times: number) => {
    for (let time = 0; time < times; time++) popularity.count(id)
  }
  read(rare, 2)
  read(often, 4)
  read(most, 5)
  read(least, 3)
  read(uncounted, 9)
  popularity.flush()
  assert.deepEqual(told, [[most, often]])
  read(rare, 2)
  popularity.flush()
  assert.equal(told.length, 1, 'a new window begins at nought')
})
