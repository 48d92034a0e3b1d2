import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createIdGenerator, type MediaId } from '../domain/ids.ts'
import { originalKey } from '../domain/media.ts'
import { createMemoryObjectStore } from '../objects/memory.ts'
import { createJsonLogger } from './logger.ts'
import { createSweep } from './orphans.ts'

const HOUR = 3_600_000
const bytes = new Uint8Array(1)

function scene() {
  let nowMs = Date.UTC(2026, 0, 1)
  const objects = createMemoryObjectStore()
  const rows = new Set<MediaId>()
  const newId = createIdGenerator(3, () => nowMs)
  const sweep = createSweep({
    catalog: { known: async (ids) => ids.filter((id) => rows.has(id)) },
    objects,
    graceMs: HOUR,
    windowMs: 30 * 24 * HOUR,
    intervalMs: 1,
    now: () => nowMs,
    logger: createJsonLogger(() => {}),
  })
  const left = async () => {
    const keys = []
    for await (const { key } of objects.list('')) keys.push(key)
    return keys
  }
  return { objects, rows, newId, sweep, left, pass: (ms: number) => (nowMs += ms) }
}

test('sweep: an original without a row goes when it was seen so for the grace, one with a row stays', async () => {
  const { objects, rows, newId, sweep, left, pass } = scene()
  const [lost, kept] = [newId(), newId()]
  rows.add(kept)
  for (const id of [lost, kept]) await objects.put(originalKey(id), bytes)
  await objects.put(`remuxed/${lost}`, bytes)
  await objects.put('originals/not-an-id', bytes)
  // Old, but seen for the first time: its upload may have taken this long.
  pass(10 * HOUR)
  assert.equal(await sweep.pass(), 0)
  pass(HOUR - 1)
  assert.equal(await sweep.pass(), 0)
  pass(1)
  assert.equal(await sweep.pass(), 1)
  assert.deepEqual(await left(), [originalKey(kept), 'originals/not-an-id', `remuxed/${lost}`].toSorted())
})

test('sweep: a row that comes late keeps its original, and what is older than the window is not looked at', async () => {
  const { objects, rows, newId, sweep, left, pass } = scene()
  const old = newId()
  await objects.put(originalKey(old), bytes)
  pass(31 * 24 * HOUR)
  const late = newId()
  await objects.put(originalKey(late), bytes)
  await sweep.pass()
  rows.add(late)
  pass(2 * HOUR)
  assert.equal(await sweep.pass(), 0)
  assert.deepEqual(await left(), [originalKey(old), originalKey(late)])
})

test('sweep: nothing is deleted while the catalog cannot be asked', async () => {
  const { objects, newId, left } = scene()
  const id = newId()
  await objects.put(originalKey(id), bytes)
  const sweep = createSweep({
    catalog: { known: async () => Promise.reject(new Error('away')) },
    objects,
    graceMs: 0,
    windowMs: HOUR,
    intervalMs: 1,
    now: Date.now,
    logger: createJsonLogger(() => {}),
  })
  assert.deepEqual([await sweep.pass(), await sweep.pass(), await left()], [0, 0, [originalKey(id)]])
})
