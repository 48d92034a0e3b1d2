import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../domain/errors.ts'
import { mediaIdOf } from '../domain/ids.ts'
import type { FileParts } from './url.ts'
import { createHotFiles } from './hot-files.ts'

function file(item: number, alt = 1): FileParts {
  return { id: mediaIdOf(BigInt(item)), version: 1, locator: { volume: 1, alt, cookie: '0000000000000000' }, name: 'a.jpg' }
}

function reader(bytes: number) {
  const state = { reads: 0 }
  const read = async () => {
    state.reads += 1
    return { data: new Uint8Array(bytes), crc: state.reads }
  }
  return { state, read }
}

test('hot files: readers at once and later ones share a read', async () => {
  const hot = createHotFiles(1_000_000, { ageMsMax: 1_000 })
  const { state, read } = reader(10)
  const [first, second] = await Promise.all([hot.get(file(1), read), hot.get(file(1), read)])
  assert.equal(first, second)
  await hot.get(file(1), read)
  assert.equal(state.reads, 1)
})

test('hot files: the least recently asked goes first, and the limit holds', async () => {
  const hot = createHotFiles(100_000, { ageMsMax: 1_000 })
  const { state, read } = reader(10_000)
  for (let item = 1; item <= 9; item += 1) await hot.get(file(item), read)
  await hot.get(file(1), read)
  assert.equal(state.reads, 9)
  await hot.get(file(10), read)
  assert.ok(hot.bytes <= 100_000)
  await hot.get(file(1), read)
  assert.equal(state.reads, 10)
  await hot.get(file(2), read)
  assert.equal(state.reads, 11)
})

test('hot files: a file too large for its share is read each time', async () => {
  const hot = createHotFiles(100_000, { ageMsMax: 1_000 })
  const { state, read } = reader(20_000)
  for (const _ of [1, 2]) await hot.get(file(1), read)
  assert.equal(state.reads, 2)
  assert.equal(hot.bytes, 0)
})

test('hot files: a failed read is not remembered', async () => {
  const hot = createHotFiles(100_000, { ageMsMax: 1_000 })
  await assert.rejects(hot.get(file(1), async () => Promise.reject(new Error('no'))))
  const { state, read } = reader(1)
  await hot.get(file(1), read)
  assert.equal(state.reads, 1)
})

test('hot files: a forgotten item leaves nothing, even when it was being read', async () => {
  const hot = createHotFiles(100_000, { ageMsMax: 1_000 })
  const { read } = reader(10)
  await hot.get(file(1, 1), read)
  await hot.get(file(2), read)
  const gate = Promise.withResolvers<void>()
  const pending = hot.get(file(1, 2), async () => {
    await gate.promise
    return await read()
  })
  const before = hot.bytes
  hot.forget(file(1).id)
  gate.resolve()
  await pending
  assert.equal(hot.bytes, before / 2)
})

test('hot files: what is held for too long is read anew, since nobody tells of versions that are taken away', async () => {
  let nowMs = 0
  const hot = createHotFiles(1_000_000, { ageMsMax: 1_000, nowMs: () => nowMs })
  const { state, read } = reader(10)
  await hot.get(file(1), read)
  nowMs = 1_000
  await hot.get(file(1), read)
  assert.equal(state.reads, 1)
  nowMs = 1_001
  await hot.get(file(1), read)
  assert.equal(state.reads, 2)
  const gone = async () => {
    throw new MediaError('VERSION_REPLACED')
  }
  nowMs = 3_000
  await assert.rejects(hot.get(file(1), gone), { code: 'VERSION_REPLACED' })
  await hot.get(file(1), read)
  assert.equal(state.reads, 3)
})
