import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PAGE_BYTES } from './aligned-memory.ts'
import { CommitMemory, type Region } from './commit-memory.ts'

const PAGES = 40

function memoryOf(pages: number): CommitMemory {
  return new CommitMemory(new Uint8Array(pages * PAGE_BYTES))
}

test('commit memory: nothing is used again before all the rest was', () => {
  const memory = memoryOf(PAGES)
  const used: number[] = []
  for (let turn = 0; turn < 3 * PAGES; turn += 1) {
    const region = memory.take(4 * PAGE_BYTES)
    assert.ok(region)
    memory.trim(region, PAGE_BYTES - 100)
    memory.release(region)
    used.push(region.start / PAGE_BYTES)
  }
  // The last four pages have no room for what may be needed.
  const round = Array.from({ length: PAGES - 3 }, (_, page) => page)
  assert.deepEqual(used.slice(0, 2 * round.length), [...round, ...round])
})

test('commit memory: what is in use at the same time never overlaps, and is whole pages of the memory', () => {
  const step = fc.record({
    bytes: fc.integer({ min: 1, max: 8 * PAGE_BYTES }),
    used: fc.integer({ min: 1, max: 100 }),
    kept: fc.nat({ max: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = memoryOf(PAGES)
      const taken: { region: Region; end: number }[] = []
      for (const { bytes, used, kept } of steps) {
        while (taken.length > kept) memory.release((taken.shift() as { region: Region }).region)
        const region = memory.take(bytes)
        if (region === null) continue
        assert.equal(region.start % PAGE_BYTES, 0)
        assert.equal(region.bytes.byteLength, bytes)
        for (const other of taken) assert.ok(region.start + bytes <= other.region.start || other.end <= region.start)
        const trimmed = Math.ceil((bytes * used) / 100)
        memory.trim(region, trimmed)
        taken.push({ region, end: region.start + trimmed })
      }
    }),
  )
})

test('commit memory: with room for two more than are in use, none is refused, whatever their sizes', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 10 }), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 4 }), (pages, others) => {
      const memory = memoryOf((others + 2) * 10)
      const taken: Region[] = []
      for (const size of pages) {
        const region = memory.take(10 * PAGE_BYTES)
        assert.ok(region, `with ${taken.length} in use`)
        memory.trim(region, size * PAGE_BYTES)
        taken.push(region)
        if (taken.length > others) memory.release(taken.shift() as Region)
      }
    }),
  )
})

test('commit memory: a region is released once, and only the last one is trimmed', () => {
  const memory = memoryOf(PAGES)
  const [first, second] = [memory.take(PAGE_BYTES), memory.take(PAGE_BYTES)]
  assert.ok(first && second)
  assert.throws(() => memory.trim(first, 10))
  memory.release(first)
  assert.throws(() => memory.release(first))
  assert.equal(memory.take(PAGES * PAGE_BYTES), null, 'the second one is in use')
})
