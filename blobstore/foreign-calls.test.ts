import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAGE_BYTES } from './aligned-memory.ts'
import { foreignCalls, memoryForDisks } from './foreign-calls.ts'

const LARGE_PAGE_BYTES = 2 * 1024 ** 2

test('memory for disks: begins on a page, a large one where the system has such, and is as long as was asked for from there', () => {
  for (const bytes of [1, 70_000, 1024 ** 2, LARGE_PAGE_BYTES, LARGE_PAGE_BYTES + 1, 9 * 1024 ** 2]) {
    const { memory, start } = memoryForDisks(bytes)
    assert.ok(memory.buffer.byteLength - start >= bytes, `${bytes} bytes`)
    const address = foreignCalls()?.address(new Uint8Array(memory.buffer, start))
    if (address === undefined) assert.equal(start % PAGE_BYTES, 0)
    else assert.equal(address % BigInt(LARGE_PAGE_BYTES), 0n)
  }
})

test('foreign calls: Linux has them, and no other system does', () => {
  assert.equal(foreignCalls() !== null, process.platform === 'linux')
})
